/** Events that upinit emits beside Upstart's own (docs/design.md#7-boot): what waits for them does not wait in vain. */
export const ownEvents: readonly string[] = [
  "virtual-filesystems",
  "local-filesystems",
  "remote-filesystems",
  "all-swaps",
  "filesystem",
  "container",
  "net-device-up",
  "static-network-up",
  "runlevel",
  "shutdown",
];
