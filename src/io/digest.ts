import { sha256 } from '@noble/hashes/sha2';
import { bytesToHex } from '@noble/hashes/utils';

/** The sha256 of the bytes, in hexadecimal. */
export function digestOf(bytes: Uint8Array): string {
  return bytesToHex(sha256(bytes));
}
