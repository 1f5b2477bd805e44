// The areas dataintegrity and verify in the reference stack of Digital Bazaar.
// A disagreement is a case that one of the two refuses and the other does not,
// as far as the reference stack judges the same thing at all.
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import {driver} from '@digitalbazaar/did-method-key';
import {createVerifyCryptosuite} from '@digitalbazaar/eddsa-jcs-2022-cryptosuite';
import * as vc from '@digitalbazaar/vc';
import jsigs from 'jsonld-signatures';
import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';

const {purposes: {ControllerProofPurpose, AuthenticationProofPurpose}} = jsigs;
const didKey = driver();
didKey.use({multibaseMultikeyHeader: 'z6Mk', fromMultibase: Ed25519Multikey.from});

// What an engine that gates actions asks beyond the proofs and the data model:
// the reference stack has no opinion on it.
const beyond = new Set(['issuer_untrusted', 'holder_not_authorized', 'verifier_not_authorized',
  'grantor_proof_missing', 'no_mandate', 'ambiguous_mandate', 'params_mismatch', 'presentation_stale', 'presentation_replayed', 'credential_revoked',
  'credential_suspended', 'status_unknown', 'status_stale', 'evidence_mismatch', 'scope_mismatch', 'action_required', 'action_unavailable',
  'action_digest_mismatch', 'action_invalid', 'user_params_invalid', 'execution_params_invalid', 'rule_failed', 'rule_error', 'context_not_allowed']);

// Why the two disagree: [our reason, or "accepts"; which cases; why]. The first
// that fits explains a case; one that none fits fails the run.
const explained = [
  [/accepts/, /via-|vc-proofs-|published-request-allow/, 'it ignores the list `proofs` of the VIA profile'],
  [/accepts/, /context-inline-object/, 'it compares @context entries by identity, so two inline contexts are never equal; here they are compared as JSON'],
  [/^(?!accepts)/, /chain-|previous-/, 'it does not know proof chains: it reads previousProof like any other member, so it does not bind the named proofs'],
  [/too_many_proofs/, /seventeen/, 'it sets no limit to the number of proofs'],
  [/^(?!accepts)/, /set-|grantor-/, 'one good proof verifies a set for it; here every proof has to be good'],
  [/proof_expired|proof_from_future/, /./, 'it does not look at expires, nor at created unless a maximal distance is set'],
  [/proof_invalid/, /created-/, 'it does not look at the form of created'],
  [/credential_(expired|not_yet_valid)/, /./, 'it tolerates 300 s of clock skew; here none unless configured'],
  [/domain_mismatch/, /./, 'it compares a domain only together with a challenge, and one domain instead of sets'],
  [/challenge_mismatch|proof_invalid/, /challenge-|domain-/, 'it compares a challenge only for authentication, and does not check the form of challenge and domain'],
  [/key_(revoked|expired)/, /./, 'it does not look at revoked and expires of a key'],
  [/verification_method_invalid/, /two-materials/, 'it reads one key material of a method and ignores the other'],
  [/accepts/, /issuer-binding/, 'there the issuer has to control the key; here a configuration can let others sign for the issuer'],
  [/accepts/, /chain-issuer-last/, 'it does not know proof chains: the proof of the issuer signs an earlier proof with the document, so it does not verify'],
  [/holder_mismatch/, /./, 'it does not check that the holder has signed; here the key has to belong to the holder'],
  [/proof_invalid/, /small-order/, 'its Ed25519 accepts signature points of small order, which other libraries refuse'],
  [/proof_invalid/, /base64url/, 'it decodes base64url where the suite asks for base58btc'],
  [/proof_invalid/, /id-not-a-url|nonce-/, 'it does not look at the id and the nonce of a proof'],
  [/proof_invalid/, /proof-context-empty/, 'it compares an empty @context of the proof with that of the document, which begins with it'],
  [/malformed_(credential|presentation)/, /v[cp]-id-|vc-valid-until-null|vc-validity-no-zone|vp-context-string|vp-holder-null|vc-context-(not|number)|vc-(issuer-)?name-|vc-description-|vc-evidences-|vc-related-|vc-schema-|vc-type-empty|-empty-list/,
    'it leaves these MUSTs of the data model to schemas'],
];

async function loader(documents) {
  return async url => {
    const [did] = url.split('#');
    for (const document of documents ?? []) {
      if (document.id === did) {
        const d = {...document, '@context': ['https://www.w3.org/ns/did/v1']};
        const method = (d.verificationMethod ?? []).find(m => m.id === url || did + m.id === url);
        if (url !== did && !method) { throw new Error('no such key'); }
        const found = url === did ? d : {'@context': 'https://w3id.org/security/multikey/v1', ...method, id: url};
        return {contextUrl: null, documentUrl: url, document: found};
      }
    }
    if (url.startsWith('did:key:')) { return {contextUrl: null, documentUrl: url, document: await didKey.get({url})}; }
    if (url === 'https://via.humanos.dev/ns/v1' || url.startsWith('https://w3id.org/security/data-integrity')) {
      return {contextUrl: null, documentUrl: url, document: {'@context': {'@vocab': 'https://via.humanos.dev/ns/v1#'}}};
    }
    return vc.defaultDocumentLoader(url);
  };
}

const text = v => v.text ?? (v.hex !== undefined ? Buffer.from(v.hex, 'hex') : v.base64 !== undefined ? Buffer.from(v.base64, 'base64') :
  Buffer.concat(v.parts.map(p => Buffer.concat(Array(p.times).fill(Buffer.from(text(p))))))).toString();
const input = (o, name) => o[name] !== undefined ? o[name] : JSON.parse(text(o[name + 'Bytes']));

async function dataintegrity(c) {
  const document = input(c.input, 'document'), date = c.input.now ?? '2026-05-02T10:16:00Z';
  const term = c.input.purpose ?? (Array.isArray(document?.proof) ? document.proof[0]?.proofPurpose : document?.proof?.proofPurpose);
  const purpose = new ControllerProofPurpose({term: term ?? 'assertionMethod', date});
  const r = await jsigs.verify(document, {suite: new DataIntegrityProof({cryptosuite: createVerifyCryptosuite()}), purpose,
    documentLoader: await loader()});
  return [r.verified, r.error];
}

async function verify(c) {
  const presentation = input(c.input.request, 'presentation'), {config, request} = c.input;
  const date = c.input.now, documentLoader = await loader(c.input.didDocuments);
  const domain = request.domain?.[0] ?? request.verifier ?? config.verifier;
  const bound = {domain: config.insecureAllowUnbound ? undefined : domain, date};
  const presentationPurpose = request.challenge === undefined ? new ControllerProofPurpose({term: 'authentication', date}) :
    new AuthenticationProofPurpose({challenge: request.challenge, ...bound});
  const r = await vc.verify({presentation, presentationPurpose, challenge: request.challenge ?? 'none', suite: new DataIntegrityProof({cryptosuite: createVerifyCryptosuite()}), documentLoader, now: new Date(date),
    checkStatus: async () => ({verified: true})});
  return [r.verified, r.error];
}

const message = e => [...new Set([e?.message, ...(e?.errors ?? []).map(x => x.message)].filter(Boolean))].join('; ').slice(0, 120);
// proofs returns the cases decided otherwise, and how many there are of each kind.
export async function proofs(corpus) {
  const rows = [], counts = {cases: 0, agree: 0, notComparable: 0};
  for (const [area, run] of [['dataintegrity', dataintegrity], ['verify', verify]]) {
    for (const name of readdirSync(join(corpus, area)).sort()) {
      const c = JSON.parse(readFileSync(join(corpus, area, name), 'utf8'));
      const ours = area === 'verify' ? c.expect.decision === 'allow' : c.expect.verified;
      const why = c.expect.reason ?? c.expect.code ?? c.expect.error ?? '';
      counts.cases++;
      // The mandate's own form and the parameters are beyond it too; it looks a did:key
      // up where the corpus hands out keys; and nothing here tells it
      // of deactivation or of pinned documents.
      if (beyond.has(why) || c.expect.check === 'mandate.shape' || /request-params|other-key|set-unknown-key|deactivated|pin-mismatch/.test(c.id) || c.expect.decision === 'none' && why === 'unavailable' || c.input.before) { counts.notComparable++; continue; }
      let theirs = false, error;
      try { [theirs, error] = await run(c); } catch (e) { error = e; }
      if (theirs === ours) { counts.agree++; continue; }
      rows.push({id: c.id, ours: ours ? 'accepts' : why, theirs: theirs ? 'accepts' : message(error), comment: c.comment});
    }
  }
  for (const r of rows) {
    // An explanation is for one direction: it accepts what is refused here, or the other way round.
    r.why = explained.find(([ours, id]) => ours.test(r.ours) && id.test(r.id) && (r.ours === 'accepts') === (r.theirs !== 'accepts'))?.[2];
  }
  return {...counts, rows};
}
