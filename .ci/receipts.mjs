// Checks receipts with the npm reference stack, one a line:
//   node receipts.mjs GOOD BAD   all of the first have to verify, none of the second
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import {driver} from '@digitalbazaar/did-method-key';
import {createVerifyCryptosuite} from '@digitalbazaar/eddsa-jcs-2022-cryptosuite';
import * as vc from '@digitalbazaar/vc';
import {readFileSync} from 'node:fs';

const didKey = driver();
didKey.use({multibaseMultikeyHeader: 'z6Mk', fromMultibase: Ed25519Multikey.from});
async function documentLoader(url) {
  if (url.startsWith('did:key:')) { return {contextUrl: null, documentUrl: url, document: await didKey.get({url})}; }
  return vc.defaultDocumentLoader(url);
}

async function verified(line) {
  const suite = new DataIntegrityProof({cryptosuite: createVerifyCryptosuite()});
  try { return (await vc.verifyCredential({credential: JSON.parse(line), suite, documentLoader, now: new Date('2026-06-01T00:00:00Z')})).verified; } catch { return false; }
}

const [good, bad] = process.argv.slice(2).map(f => readFileSync(f, 'utf8').trim().split('\n'));
let wrong = good.length && good.length === bad.length ? 0 : 1;
for (const [want, lines] of [[true, good], [false, bad]]) {
  let count = 0;
  for (const line of lines) {
    if (await verified(line) === want) { count++; } else if (wrong++ < 5) { console.log(`${want ? 'refused' : 'accepted'}: ${line}`); }
  }
  console.log(`${count} of ${lines.length} ${want ? 'receipts verify' : 'mutations are refused'}`);
}
process.exit(wrong ? 1 : 0);
