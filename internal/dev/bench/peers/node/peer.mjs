// Times the verification of a presentation, with its credential, by the npm
// reference stack, and both of its proofs alone by node:crypto, beside the two
// Ed25519 verifications that neither can do without: in turns, by CPU time.
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import {driver} from '@digitalbazaar/did-method-key';
import {createVerifyCryptosuite} from '@digitalbazaar/eddsa-jcs-2022-cryptosuite';
import * as vc from '@digitalbazaar/vc';
import {createHash, createPublicKey, generateKeyPairSync, sign, verify} from 'node:crypto';
import {readFileSync} from 'node:fs';

const text = readFileSync(process.argv[2], 'utf8');

const didKey = driver();
didKey.use({multibaseMultikeyHeader: 'z6Mk', fromMultibase: Ed25519Multikey.from});
async function documentLoader(url) {
  if (url.startsWith('did:key:')) {
    return {contextUrl: null, documentUrl: url, document: await didKey.get({url})};
  }
  return vc.defaultDocumentLoader(url);
}

async function stack(vp) {
  const presentation = JSON.parse(vp);
  const suite = new DataIntegrityProof({cryptosuite: createVerifyCryptosuite()});
  const {challenge, domain} = presentation.proof;
  const result = await vc.verify({presentation, challenge, domain, suite, documentLoader, now: new Date('2026-05-02T10:16:00Z')});
  return result.verified || (result.error?.errors?.[0] ?? result.error ?? result.presentationResult?.error);
}

// Proofs alone: JSON.stringify writes strings and numbers as RFC 8785 does.
const canonical = v => Array.isArray(v) ? `[${v.map(canonical).join(',')}]` :
  v && typeof v === 'object' ? `{${Object.keys(v).sort().map(k => `${JSON.stringify(k)}:${canonical(v[k])}`).join(',')}}` : JSON.stringify(v);
const sha256 = s => createHash('sha256').update(s).digest();
const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
function base58(s) {
  let n = 0n;
  for (const c of s.slice(1)) { n = n * 58n + BigInt(alphabet.indexOf(c)); }
  const digits = n.toString(16);
  return Buffer.from(digits.length % 2 ? '0' + digits : digits, 'hex');
}
function proofHolds({proof, ...document}) {
  const {proofValue, ...config} = proof;
  const raw = base58(proof.verificationMethod.split('#')[1]).subarray(2);
  const key = createPublicKey({key: {kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url')}, format: 'jwk'});
  return verify(null, Buffer.concat([sha256(canonical(config)), sha256(canonical(document))]), key, base58(proofValue));
}
async function naive(vp) {
  const doc = JSON.parse(vp);
  return doc.verifiableCredential.every(proofHolds) && proofHolds(doc);
}

const {privateKey, publicKey} = generateKeyPairSync('ed25519');
const message = Buffer.alloc(64), signature = sign(null, message, privateKey);
async function limit() { return verify(null, message, publicKey, signature) && verify(null, message, publicKey, signature); }

const tampered = text.replace('"Porto"', '"Paris"');
for (const f of [stack, naive]) {
  const good = await f(text), bad = await f(tampered);
  if (good !== true || bad === true) {
    console.error(f.name, good, bad);
    process.exit(1);
  }
}

const cpu = () => { const u = process.cpuUsage(); return u.user + u.system; };
const subjects = [['2 V', limit], ['naive Node', naive], ['@digitalbazaar/vc', stack]];
const runs = [], took = subjects.map(() => []);
for (const [, f] of subjects) {
  for (let i = 0; i < 200; i++) { await f(text); } // the compiler has to have seen it
  let n = 0;
  for (const start = cpu(); n === 0 || cpu() - start < 4000;) { await f(text); n++; }
  runs.push(n);
}
for (let round = 0; round < 200; round++) {
  for (const [i, [, f]] of subjects.entries()) {
    const start = cpu();
    for (let n = 0; n < runs[i]; n++) { await f(text); }
    took[i].push((cpu() - start) / runs[i]);
  }
}
const at = (list, q) => list.sort((a, b) => a - b)[Math.floor(list.length * q)];
console.log(`both proofs of the sample presentation, Node ${process.version} (× 2 V of its own)`);
for (const [i, [name]] of subjects.entries()) {
  console.log(`  ${name.padEnd(20)}${(at(took[i], .1) / at(took[0], .1)).toFixed(2)} p10  ${(at(took[i], .5) / at(took[0], .5)).toFixed(2)} median  ${at(took[i], .1).toFixed(0)} µs`);
}
