import { describe, expect, test } from 'vitest';
import { findPackage, unsupported } from '../../../src/cli/software/package.ts';

describe('findPackage', () => {
  test('finds what is installed', () => {
    expect(findPackage('@sparticuz/chromium')).toMatchObject({ version: '147.0.0' });
  });

  test('finds nothing else', () => {
    expect(findPackage('heddle-no-such-package')).toBeUndefined();
  });
});

test.each([
  [{ platform: 'linux', arch: 'x64', musl: false }, undefined],
  [{ platform: 'darwin', arch: 'arm64', musl: false }, '@sparticuz/chromium has binaries for Linux only, not for darwin'],
  [{ platform: 'linux', arch: 'arm64', musl: false }, '@sparticuz/chromium has binaries for x64 only, not for arm64'],
  [{ platform: 'linux', arch: 'x64', musl: true }, '@sparticuz/chromium has binaries for glibc only, and this system uses musl'],
])('unsupported(%j)', (machine, reason) => {
  expect(unsupported(machine)).toBe(reason);
});
