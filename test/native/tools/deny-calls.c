/* deny-calls NAME[,NAME...] PROGRAM ARG...: runs a program that is refused system calls, as by a strict seccomp profile. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct {
  const char *name;
  unsigned number;
} calls[] = {
    {"ptrace", SYS_ptrace},         {"signalfd4", SYS_signalfd4},           {"epoll_create1", SYS_epoll_create1},
    {"waitid", SYS_waitid},         {"rt_sigprocmask", SYS_rt_sigprocmask}, {"epoll_pwait", SYS_epoll_pwait},
    {"prctl", SYS_prctl},           {"setsid", SYS_setsid},                 {"setpgid", SYS_setpgid},
    {"pipe2", SYS_pipe2},           {"clone", SYS_clone},                   {"kill", SYS_kill},
#ifdef SYS_epoll_wait
    {"epoll_wait", SYS_epoll_wait}, {"vfork", SYS_vfork},
#endif
};

enum { CALLS = sizeof calls / sizeof calls[0] };

/* The number of a call; one that this architecture has not is none that a program could make. */
static unsigned number_of(const char *name) {
  for (unsigned i = 0; i < CALLS; i++) {
    if (strcmp(calls[i].name, name) == 0) {
      return calls[i].number;
    }
  }
  return 0xffffffff;
}

int main(int argc, char **argv) {
  struct sock_filter rules[2 * CALLS + 2] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
  };
  unsigned short length = 1;
  if (argc < 3) {
    fprintf(stderr, "usage: deny-calls NAME[,NAME...] PROGRAM ARG...\n");
    return 125;
  }
  for (char *name = strtok(argv[1], ","); name != NULL && length < 2 * CALLS; name = strtok(NULL, ",")) {
    rules[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number_of(name), 0, 1);
    rules[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
  }
  rules[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  struct sock_fprog program = {length, rules};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
    perror("deny-calls");
    return 125;
  }
  execvp(argv[2], argv + 2);
  perror(argv[2]);
  return 127;
}
