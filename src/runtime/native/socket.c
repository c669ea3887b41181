/* Unix sockets with credentials, and which network interfaces are up. */
#include "binding.h"

#include <fcntl.h>
#include <net/if.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* ── addresses ──────────────────────────────────────────────────────────────────────────────────────────── */

/*
 * A path, or after a leading NUL a name of the abstract space. Gives 0, an errno, or -1 after throwing.
 */
static int read_address(JSContext *ctx, JSValueConst value, struct sockaddr_un *address, socklen_t *size) {
  size_t length;
  const char *path = upinit_borrow_text(ctx, value, &length);
  if (path == NULL) {
    return -1;
  }
  bool abstract = length > 0 && path[0] == '\0';
  int error = 0;
  if (length == 0 || (!abstract && memchr(path, '\0', length) != NULL)) {
    error = EINVAL;
  } else if (length + (abstract ? 0 : 1) > sizeof address->sun_path) {
    error = ENAMETOOLONG;
  } else {
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path, path, length);
    *size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + (abstract ? 0 : 1));
  }
  JS_FreeCString(ctx, path);
  return error;
}

typedef int SocketSetup(int fd, const struct sockaddr_un *address, socklen_t size, int argument);

/* Makes a socket of `type` and sets it up; the descriptor, or -errno. */
static JSValue make_socket(JSContext *ctx, JSValueConst path, int type, SocketSetup *setup, int argument) {
  struct sockaddr_un address;
  socklen_t size = 0;
  int error = read_address(ctx, path, &address, &size);
  if (error != 0) {
    return error < 0 ? JS_EXCEPTION : upinit_errno(ctx, error);
  }
  int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    return upinit_errno(ctx, errno);
  }
  if (setup(fd, &address, size, argument) < 0) {
    error = errno;
    close(fd);
    return upinit_errno(ctx, error);
  }
  return JS_NewInt32(ctx, fd);
}

static int set_up_listener(int fd, const struct sockaddr_un *address, socklen_t size, int backlog) {
  return bind(fd, (const struct sockaddr *)address, size) < 0 ? -1 : listen(fd, backlog);
}

static int set_up_client(int fd, const struct sockaddr_un *address, socklen_t size, int unused) {
  (void)unused;
  return connect(fd, (const struct sockaddr *)address, size);
}

static int set_up_datagram(int fd, const struct sockaddr_un *address, socklen_t size, int unused) {
  (void)unused;
  int on = 1;
  /* Before the name exists, so that no message arrives without credentials. */
  if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0) {
    return -1;
  }
  return bind(fd, (const struct sockaddr *)address, size);
}

static JSValue js_unix_listen(UPINIT_ARGUMENTS) {
  UPINIT_INT(backlog, 1)
  return make_socket(ctx, argv[0], SOCK_STREAM | SOCK_NONBLOCK, set_up_listener, backlog);
}

static JSValue js_unix_connect(UPINIT_ARGUMENTS) { return make_socket(ctx, argv[0], SOCK_STREAM, set_up_client, 0); }

static JSValue js_unix_probe(UPINIT_ARGUMENTS) {
  JSValue probe = make_socket(ctx, argv[0], SOCK_STREAM | SOCK_NONBLOCK, set_up_client, 0);
  if (JS_IsException(probe) || JS_VALUE_GET_INT(probe) < 0) {
    return probe;
  }
  close(JS_VALUE_GET_INT(probe));
  return JS_NewInt32(ctx, 0);
}

static JSValue js_unix_datagram(UPINIT_ARGUMENTS) {
  return make_socket(ctx, argv[0], SOCK_DGRAM | SOCK_NONBLOCK, set_up_datagram, 0);
}

static JSValue js_unix_datagram_to(UPINIT_ARGUMENTS) {
  return make_socket(ctx, argv[0], SOCK_DGRAM | SOCK_NONBLOCK, set_up_client, 0);
}

/* ── connections ────────────────────────────────────────────────────────────────────────────────────────── */

static JSValue js_accept(UPINIT_ARGUMENTS) {
  UPINIT_INT(fd, 0)
  return upinit_result(ctx, accept4(fd, NULL, NULL, SOCK_CLOEXEC));
}

static JSValue js_socket_pair(UPINIT_ARGUMENTS) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
    return upinit_errno(ctx, errno);
  }
  JSValue values[] = {JS_NewInt32(ctx, ends[0]), JS_NewInt32(ctx, ends[1])};
  return JS_NewArrayFrom(ctx, 2, values);
}

static JSValue js_peer_credentials(UPINIT_ARGUMENTS) {
  struct ucred peer = {0};
  socklen_t size = sizeof peer;
  UPINIT_INT(fd, 0)
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0) {
    return upinit_errno(ctx, errno);
  }
  JSValue values[] = {JS_NewInt32(ctx, peer.pid), JS_NewUint32(ctx, peer.uid), JS_NewUint32(ctx, peer.gid)};
  return JS_NewArrayFrom(ctx, 3, values);
}

static JSValue js_send(UPINIT_ARGUMENTS) {
  uint8_t *start;
  size_t size;
  UPINIT_INT(fd, 0)
  if (!upinit_byte_range(ctx, argv[1], argv[2], argv[3], &start, &size)) {
    return JS_EXCEPTION;
  }
  return upinit_result(ctx, send(fd, start, size, MSG_DONTWAIT | MSG_NOSIGNAL));
}

static JSValue js_receive(UPINIT_ARGUMENTS) {
  uint8_t *start;
  size_t size;
  UPINIT_INT(fd, 0)
  if (!upinit_byte_range(ctx, argv[1], argv[2], argv[3], &start, &size)) {
    return JS_EXCEPTION;
  }
  return upinit_result(ctx, recv(fd, start, size, MSG_DONTWAIT));
}

/* The kernel passes at most 253 descriptors with one message (SCM_MAX_FD). */
enum { DESCRIPTORS_OF_A_MESSAGE = 253 };

static void close_passed_descriptors(const struct cmsghdr *header) {
  size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
  for (size_t i = 0; i < count; i++) {
    int fd;
    memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
    close(fd);
  }
}

/* Takes the credentials, closes descriptors: whoever may write to the socket must not fill our table. */
static struct ucred take_ancillary(struct msghdr *message) {
  struct ucred sender = {.pid = 0, .uid = (uid_t)-1, .gid = (gid_t)-1};
  for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header != NULL; header = CMSG_NXTHDR(message, header)) {
    if (header->cmsg_level != SOL_SOCKET) {
      continue;
    }
    if (header->cmsg_type == SCM_RIGHTS) {
      close_passed_descriptors(header);
    } else if (header->cmsg_type == SCM_CREDENTIALS && header->cmsg_len >= CMSG_LEN(sizeof sender)) {
      memcpy(&sender, CMSG_DATA(header), sizeof sender);
    }
  }
  return sender;
}

static JSValue js_receive_datagram(UPINIT_ARGUMENTS) {
  union {
    char bytes[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(DESCRIPTORS_OF_A_MESSAGE * sizeof(int))];
    struct cmsghdr alignment;
  } ancillary;
  uint8_t *bytes;
  size_t length;
  UPINIT_INT(fd, 0)
  if (!upinit_bytes(ctx, argv[1], &bytes, &length)) {
    return JS_EXCEPTION;
  }
  struct iovec part = {.iov_base = bytes, .iov_len = length};
  struct msghdr message;
  memset(&message, 0, sizeof message);
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = ancillary.bytes;
  message.msg_controllen = sizeof ancillary.bytes;
  ssize_t size = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (size < 0) {
    return upinit_errno(ctx, errno);
  }
  struct ucred sender = take_ancillary(&message);
  if (message.msg_flags & MSG_TRUNC) {
    /* Half a message means something else than the whole. */
    return upinit_errno(ctx, EMSGSIZE);
  }
  JSValue values[] = {JS_NewInt64(ctx, size), JS_NewInt32(ctx, sender.pid), JS_NewUint32(ctx, sender.uid)};
  return JS_NewArrayFrom(ctx, 3, values);
}

static JSValue js_shutdown_write(UPINIT_ARGUMENTS) {
  UPINIT_INT(fd, 0)
  return upinit_result(ctx, shutdown(fd, SHUT_WR));
}

/* ── interfaces ─────────────────────────────────────────────────────────────────────────────────────────── */

static bool is_up(int fd, const char *name) {
  struct ifreq request;
  memset(&request, 0, sizeof request);
  strncpy(request.ifr_name, name, sizeof request.ifr_name - 1);
  return ioctl(fd, SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_UP) != 0;
}

static bool add_name(JSContext *ctx, JSValueConst array, uint32_t index, const char *name) {
  JSValue text = upinit_bytes_to_text(ctx, name, strlen(name));
  return !JS_IsException(text) && JS_SetPropertyUint32(ctx, array, index, text) >= 0;
}

/*
 * Through rtnetlink (if_nameindex), which needs no /sys and sees interfaces without an address; a sandbox that has
 * no netlink has no interface worth an event.
 */
static JSValue js_interfaces_up(UPINIT_ARGUMENTS) {
  JSValue names = JS_NewArray(ctx);
  if (JS_IsException(names)) {
    return names;
  }
  /* Interface requests work on a socket of any family; a kernel without IPv4 still has this one. */
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  struct if_nameindex *interfaces = if_nameindex();
  uint32_t count = 0;
  for (const struct if_nameindex *each = interfaces; each != NULL && each->if_index != 0; each++) {
    if (is_up(fd, each->if_name) && !add_name(ctx, names, count++, each->if_name)) {
      JS_FreeValue(ctx, names);
      names = JS_EXCEPTION;
      break;
    }
  }
  if (interfaces != NULL) {
    if_freenameindex(interfaces);
  }
  if (fd >= 0) {
    close(fd);
  }
  return names;
}

static const JSCFunctionListEntry entries[] = {
    UPINIT_FUNCTION("unixListen", 2, js_unix_listen),
    UPINIT_FUNCTION("unixConnect", 1, js_unix_connect),
    UPINIT_FUNCTION("unixProbe", 1, js_unix_probe),
    UPINIT_FUNCTION("unixDatagram", 1, js_unix_datagram),
    UPINIT_FUNCTION("unixDatagramTo", 1, js_unix_datagram_to),
    UPINIT_FUNCTION("accept", 1, js_accept),
    UPINIT_FUNCTION("socketPair", 0, js_socket_pair),
    UPINIT_FUNCTION("peerCredentials", 1, js_peer_credentials),
    UPINIT_FUNCTION("send", 4, js_send),
    UPINIT_FUNCTION("receive", 4, js_receive),
    UPINIT_FUNCTION("receiveDatagram", 2, js_receive_datagram),
    UPINIT_FUNCTION("shutdownWrite", 1, js_shutdown_write),
    UPINIT_FUNCTION("interfacesUp", 0, js_interfaces_up),
};

UPINIT_TABLE(socket, entries);
