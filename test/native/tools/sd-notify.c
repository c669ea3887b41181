/* sd-notify MESSAGE...: sends each argument as a datagram to $NOTIFY_SOCKET, as sd_notify(3) does. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

int main(int argc, char **argv) {
  const char *path = getenv("NOTIFY_SOCKET");
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (path == NULL || strlen(path) >= sizeof(address.sun_path)) {
    fprintf(stderr, "sd-notify: no NOTIFY_SOCKET\n");
    return 1;
  }
  memcpy(address.sun_path, path, strlen(path));
  if (path[0] == '@') {
    address.sun_path[0] = '\0';
  }
  socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
  int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
  for (int i = 1; i < argc; i++) {
    if (sendto(fd, argv[i], strlen(argv[i]), 0, (struct sockaddr *)&address, length) < 0) {
      perror("sd-notify");
      return 1;
    }
  }
  return 0;
}
