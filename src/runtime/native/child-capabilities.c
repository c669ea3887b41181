/* The capabilities that a child keeps (capabilities(7)). Bare system calls: it runs between fork and exec. */
#include "child.h"

#include <linux/capability.h>
#include <linux/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* No kernel has more: a set is 64 bits. */
enum { MOST_CAPABILITIES = 64 };

static bool is_kept(const ChildPlan *plan, int capability) {
  return ((uint64_t)plan->capabilities.value >> capability & 1) != 0;
}

static long call_prctl(long option, long first, long second) {
  return syscall(SYS_prctl, option, first, second, 0L, 0L);
}

void upinit_bound_capabilities(const ChildPlan *plan) {
  if (!plan->capabilities.given) {
    return;
  }
  for (int capability = 0; capability < MOST_CAPABILITIES; capability++) {
    /* EINVAL: this kernel has no such capability. */
    if (!is_kept(plan, capability) && call_prctl(PR_CAPBSET_READ, capability, 0) == 1 &&
        call_prctl(PR_CAPBSET_DROP, capability, 0) < 0) {
      upinit_child_fail(plan, STEP_CAPABILITIES, capability);
    }
  }
  if (plan->uid.given && call_prctl(PR_SET_KEEPCAPS, 1, 0) < 0) {
    upinit_child_fail(plan, STEP_CAPABILITIES, -1);
  }
}

void upinit_take_capabilities(const ChildPlan *plan) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  struct __user_cap_data_struct data[2];
  if (!plan->capabilities.given) {
    return;
  }
  if (syscall(SYS_capget, &header, data) < 0) {
    upinit_child_fail(plan, STEP_CAPABILITIES, -1);
  }
  uint64_t kept = (uint64_t)plan->capabilities.value;
  for (int word = 0; word < 2; word++) {
    data[word].permitted &= (uint32_t)(kept >> (32 * word));
    data[word].effective = data[word].permitted;
    data[word].inheritable = data[word].permitted;
  }
  if (syscall(SYS_capset, &header, data) < 0) {
    upinit_child_fail(plan, STEP_CAPABILITIES, -1);
  }
  call_prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0);
  if (!plan->uid.given || plan->uid.value == 0) {
    return;
  }
  for (int capability = 0; capability < MOST_CAPABILITIES; capability++) {
    bool permitted = (data[capability / 32].permitted >> (capability % 32) & 1) != 0;
    if (is_kept(plan, capability) && permitted && call_prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability) < 0) {
      upinit_child_fail(plan, STEP_CAPABILITIES, capability);
    }
  }
}
