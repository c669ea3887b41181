import { expect, test } from "vitest";
import { shellForks } from "../../../src/config/shell-forks.ts";

const rows: readonly (readonly [script: string, forks: boolean])[] = [
  ["  . /etc/default/rsyslog\n  exec rsyslogd $RSYSLOGD_OPTIONS\n", false],
  ["exec foo\n", false],
  ["foo\n", true],
  ["sleep 1\nexec foo\n", true],
  ["test -f /x || exit 0\nexec foo", false],
  ["[ -d /x ] || mkdir /x\nexec foo", true],
  ['if [ -f /etc/x ]; then\n  . /etc/x\nfi\nexec foo --a "$B" 2>&1', false],
  ["A=$(date)\nexec foo", true],
  ["A=`date`\nexec foo", true],
  ['A="$(date)"\nexec foo', true],
  ["A='$(date)'\nexec foo", false],
  ["N=$((1 + 2))\nexec foo", false],
  ["echo a | read b\nexec foo", true],
  ["foo &\nexec bar", true],
  ["(cd /x)\nexec foo", true],
  ['case "$1" in\n  a|b) X=1 ;;\n  *) X=2;;\nesac\nexec foo $X\n', false],
  ['case "$1" in\n  a|b) ls ;;\nesac\nexec foo $X\n', true],
  ["for i in a b c; do\n  echo $i\ndone\nexec foo", false],
  ["for i in a b c; do ls; done\nexec foo", true],
  ["if [ x ]; then exec a; else exec b; fi\n", false],
  ["if [ x ]; then exec a; fi\nls\n", true],
  ["exec >/var/log/x 2>&1\nexec foo", false],
  ["exec >/var/log/x 2>&1\nls\nexec foo", true],
  ["start() {\n  echo hi\n}\nstart\nexec foo", false],
  ["# comment | & `x`\nexec foo # `ls`", false],
  ["export A=1 B=2\nulimit -n 100 || true\nexec foo -- 'a & b' \"c | d\" > /dev/null 2>&1", false],
  ["while ! [ -e /x ]; do sleep 1; done\nexec foo", true],
  ["FOO=bar exec foo", false],
  ["cat > /x <<EOF\nls\nEOF\nexec foo", true],
  ["echo > /x <<EOF\nls\nEOF\nexec foo", false],
  ["$CMD\nexec foo", true],
  [`echo \${A:-x y}\nexec foo`, false],
  ["exec foo \\\n  --bar\n", false],
  ["exec foo &\nwait", true],
  ["exec foo || logger failed", false],
  ["echo a;\necho b\n\nexec /usr/bin/foo \\\n -x", false],
  ["exec foo | tee log", true],
];

test.each(rows)("%j forks: %s", (script, forks) => {
  expect(shellForks(script)).toBe(forks);
});
