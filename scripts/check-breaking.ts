/** Runs `buf breaking` against the newest release tag; where there is none yet, says so. */
import { execFileSync, spawnSync } from 'node:child_process';

const tags = execFileSync('git', ['tag', '--list', 'v*', '--sort=-v:refname'], { encoding: 'utf8' }).split(
  '\n',
);
const newest = tags.find((tag) => /^v\d+\.\d+\.\d+$/.test(tag));
if (newest === undefined) {
  console.log('check-breaking: no release tag yet, nothing to compare with');
} else {
  const result = spawnSync('buf', ['breaking', '--against', `.git#tag=${newest}`], { stdio: 'inherit' });
  process.exitCode = result.status ?? 1;
}
