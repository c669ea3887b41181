/** The names under which the one executable is installed (design section 5). */
export const installedNames = [
  "initctl",
  "start",
  "stop",
  "restart",
  "reload",
  "status",
  "service",
  "init-checkconf",
  "telinit",
  "init",
  "runlevel",
  "shutdown",
  "halt",
  "poweroff",
  "reboot",
] as const;
