/** The names under which the one executable is installed (docs/design.md#18-installed-names). */
export const installedNames = [
  "initctl",
  "initctl2dot",
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

/** Where the links of /etc/init.d of Upstart's packages lead. */
export const upstartJob = "/lib/init/upstart-job";
