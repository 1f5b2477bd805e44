// Checks receipts with the npm reference stack of W3C Verifiable Credentials:
//   node interop.mjs accept RECEIPT…   every one has to verify
//   node interop.mjs refuse RECEIPT…   none may
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import {driver} from '@digitalbazaar/did-method-key';
import {createVerifyCryptosuite} from '@digitalbazaar/eddsa-jcs-2022-cryptosuite';
import * as vc from '@digitalbazaar/vc';
import {readFileSync} from 'node:fs';

const didKey = driver();
didKey.use({multibaseMultikeyHeader: 'z6Mk', fromMultibase: Ed25519Multikey.from});

// Offline: did:key documents and keys, nothing else.
async function documentLoader(url) {
  if (url.startsWith('did:key:')) {
    return {contextUrl: null, documentUrl: url, document: await didKey.get({url})};
  }
  return vc.defaultDocumentLoader(url);
}

const [expect, ...files] = process.argv.slice(2);
let bad = files.length === 0 ? 1 : 0;
for (const file of files) {
  const credential = JSON.parse(readFileSync(file, 'utf8'));
  const suite = new DataIntegrityProof({cryptosuite: createVerifyCryptosuite()});
  const result = await vc.verifyCredential({credential, suite, documentLoader});
  const ok = result.verified === (expect === 'accept');
  const why = result.error?.errors?.map(e => e.message).join('; ') ?? '';
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${file}: verified ${result.verified} ${why}`);
  if (!ok) {
    bad++;
    if (result.error) { console.log(result.error); }
  }
}
process.exit(bad ? 1 : 0);
