/* Connections that probes make: to numeric addresses and Unix sockets, and the
 * names behind addresses. */
#include "binding.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

typedef union {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
  struct sockaddr_un local;
} Address;

/* An IPv4 or IPv6 address in digits, or an absolute path; its size, or 0 if it
 * is neither. */
static socklen_t read_numeric(const char *text, int port, Address *address) {
  memset(address, 0, sizeof *address);
  size_t length = strlen(text);
  if (text[0] == '/') {
    if (length >= sizeof address->local.sun_path) {
      return 0;
    }
    address->local.sun_family = AF_UNIX;
    memcpy(address->local.sun_path, text, length);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + 1);
  }
  struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM}, *found = NULL;
#ifdef __GLIBC__
  /* The static library's getaddrinfo would load others at run time. */
  (void)hints;
  (void)found;
  if (inet_pton(AF_INET, text, &address->v4.sin_addr) == 1) {
    address->v4.sin_family = AF_INET;
    address->v4.sin_port = htons((uint16_t)port);
    return sizeof address->v4;
  }
  if (inet_pton(AF_INET6, text, &address->v6.sin6_addr) == 1) {
    address->v6.sin6_family = AF_INET6;
    address->v6.sin6_port = htons((uint16_t)port);
    return sizeof address->v6;
  }
  return 0;
#else
  if (getaddrinfo(text, NULL, &hints, &found) != 0) {
    return 0;
  }
  socklen_t size = found->ai_addrlen;
  memcpy(address, found->ai_addr, size);
  freeaddrinfo(found);
  if (address->any.sa_family == AF_INET) {
    address->v4.sin_port = htons((uint16_t)port);
  } else {
    address->v6.sin6_port = htons((uint16_t)port);
  }
  return size;
#endif
}

static JSValue js_connect(UPINIT_ARGUMENTS) {
  UPINIT_INT(port, 1)
  const char *text = upinit_borrow_text(ctx, argv[0], NULL);
  if (text == NULL) {
    return JS_EXCEPTION;
  }
  Address address;
  socklen_t size = read_numeric(text, port, &address);
  JS_FreeCString(ctx, text);
  if (size == 0) {
    return upinit_errno(ctx, EINVAL);
  }
  int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) {
    return upinit_errno(ctx, errno);
  }
  if (connect(fd, &address.any, size) < 0 && errno != EINPROGRESS) {
    int error = errno;
    close(fd);
    return upinit_errno(ctx, error);
  }
  return JS_NewInt32(ctx, fd);
}

static JSValue js_socket_error(UPINIT_ARGUMENTS) {
  int error = 0;
  socklen_t size = sizeof error;
  UPINIT_INT(fd, 0)
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0) {
    return upinit_errno(ctx, errno);
  }
  return error == 0 ? JS_NewInt32(ctx, 0) : upinit_errno(ctx, error);
}

#ifdef __GLIBC__
static JSValue js_resolve(UPINIT_ARGUMENTS) {
  (void)argv;
  return upinit_errno(ctx, ENOSYS);
}
#else
static JSValue js_resolve(UPINIT_ARGUMENTS) {
  const char *name = upinit_borrow_text(ctx, argv[0], NULL);
  if (name == NULL) {
    return JS_EXCEPTION;
  }
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
  int error = getaddrinfo(name, NULL, &hints, &found);
  JS_FreeCString(ctx, name);
  if (error != 0) {
    return upinit_errno(ctx, error == EAI_AGAIN ? EAGAIN : ENOENT);
  }
  JSValue list = JS_NewArray(ctx);
  uint32_t count = 0;
  for (struct addrinfo *each = found; each != NULL && !JS_IsException(list); each = each->ai_next) {
    char text[64];
    if (getnameinfo(each->ai_addr, each->ai_addrlen, text, sizeof text, NULL, 0, NI_NUMERICHOST) == 0) {
      JS_SetPropertyUint32(ctx, list, count++, JS_NewString(ctx, text));
    }
  }
  freeaddrinfo(found);
  return list;
}
#endif

static const JSCFunctionListEntry entries[] = {
    UPINIT_FUNCTION("connectTo", 2, js_connect),
    UPINIT_FUNCTION("socketError", 1, js_socket_error),
    UPINIT_FUNCTION("resolveHost", 1, js_resolve),
};

UPINIT_TABLE(network, entries);
