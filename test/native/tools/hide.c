/* Runs a program as a daemon that nothing gives away: another session, another group, an empty environment. */
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv) {
  if (argc < 2) {
    return 2;
  }
  if (fork() != 0) {
    _exit(0);
  }
  setsid();
  clearenv();
  setenv("PATH", "/usr/bin:/bin", 1);
  execvp(argv[1], argv + 1);
  return 127;
}
