/** The capabilities of capabilities(7): a name's place in this list is its number. */
const names =
  "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE";

const numbers: ReadonlyMap<string, number> = new Map(names.split(" ").map((name, number) => [name, number]));

/** `NET_ADMIN` of `net_admin`, `CAP_NET_ADMIN` or `NET_ADMIN`; null for no capability. */
export function capabilityName(word: string): string | null {
  const name = word.toUpperCase().replace(/^CAP_/, "");
  return numbers.has(name) ? name : null;
}

/** A set of capabilities as bits; below 2^53. Names must be known. */
export function capabilitySet(set: readonly string[]): number {
  return [...new Set(set)].reduce((bits, name) => bits + 2 ** (numbers.get(name) ?? 0), 0);
}
