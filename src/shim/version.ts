/**
 * What `--version` answers. A Docker engine runs its `init-path` so and looks for ` - git.COMMIT`, tini's way: it expects
 * this commit, and would warn of an unknown init else.
 */
export const versionText = `upinit ${UPINIT_VERSION}\nin place of tini 0.19.0 - git.de40ad0\n`;
