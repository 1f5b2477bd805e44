package main

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/mandate-engine/mandate/didresolve"
	"github.com/mandate-engine/mandate/receipts/disklog"
	"github.com/mandate-engine/mandate/receipts/translog"
)

func (a *app) logCommand() *cobra.Command {
	return group("log", "Keep receipts in an append-only log, and prove that they are in it",
		a.logAppendCommand(), a.logCheckpointCommand(), a.logProveCommand(), a.logVerifyCommand())
}

// logFailure converts an error of the log to an exit. A damaged or
// inconsistent log is a negative answer. All other errors are no answer.
func logFailure(err error) error {
	if errors.Is(err, disklog.ErrDamaged) || errors.Is(err, translog.ErrNotProven) {
		return &exit{exitNo, err}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return unusable("%w", err)
	}
	return undecided("%w", err)
}

// openLog opens the log in a directory and reports what a crash has left.
func (a *app) openLog(dir string, o disklog.Options) (*disklog.Log, error) {
	l, err := disklog.Open(dir, o)
	if err != nil {
		return nil, logFailure(err)
	}
	switch r := l.Recovered(); {
	case r.Gap != nil:
		a.complain("%s: %s: entry %d says that receipts may be missing", dir, r.Gap.Why, r.Gap.Size)
	case r.Dropped > 0 && o.ReadOnly:
		a.complain("%s: %d bytes at the end are left out: they may be of a batch in the making", dir, r.Dropped)
	case r.Dropped > 0:
		a.complain("%s: %d bytes at the end were of no acknowledged receipt, and are set aside", dir, r.Dropped)
	}
	return l, nil
}

func (a *app) logAppendCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "append DIR FILE...",
		Short: "Append receipts to the log in a directory",
		Long: `Append receipts to the log in a directory, which is made when there is none:
the exact bytes of the files, of 64 KiB at most, which are on the disk when the
command ends. Their signatures are not checked.`,
		Args: cobra.MinimumNArgs(2),
		RunE: func(_ *cobra.Command, args []string) error { return a.logAppend(args[0], args[1:], asJSON) },
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (a *app) logAppend(dir string, files []string, asJSON bool) error {
	var all [][]byte
	for _, name := range files { // read all files before appending any
		b, err := a.read(name)
		if err != nil {
			return err
		}
		if err := translog.CheckEntry(b); err != nil {
			return unusable("%s: %w", name, err)
		}
		all = append(all, b)
	}
	l, err := a.openLog(dir, disklog.Options{})
	if err != nil {
		return err
	}
	return a.appendAll(l, files, all, asJSON)
}

// An openedLog has the methods of disklog.Log that appendAll needs.
type openedLog interface {
	translog.Log
	Size() int64
	Close() error
}

// appendAll appends, closes the log, and prints the acknowledged entries, even
// if it could not append all.
func (a *app) appendAll(l openedLog, files []string, all [][]byte, asJSON bool) error {
	list := []object{}
	var failure error
	for i, b := range all {
		index, err := l.Append(context.Background(), b)
		if err != nil {
			failure = fmt.Errorf("%s: %w", printable(files[i]), err)
			break
		}
		list = append(list, object{"file": printable(files[i]), "index": index})
		if !asJSON {
			a.printf("%d  %s\n", index, short(files[i]))
		}
	}
	answer := object{"ok": true, "size": l.Size(), "appended": list}
	if err := l.Close(); failure == nil {
		failure = err
	}
	if failure != nil {
		failure = logFailure(failure)
		var e *exit
		errors.As(failure, &e) // like every failure of the log
		answer = failureJSON("mandate log append", e)
		answer["appended"] = list
	}
	if asJSON {
		return errors.Join(failure, a.printJSON(answer))
	}
	return failure
}

func (a *app) logCheckpointCommand() *cobra.Command {
	var key, origin, tiles text
	cmd := &cobra.Command{
		Use:   "checkpoint DIR --key FILE",
		Short: "Sign the state of the log: C2SP tlog-checkpoint, on stdout and in DIR/checkpoint",
		Long: `Sign how many entries the log has, and the root of their tree, on stdout and in
DIR/checkpoint. Whoever keeps a checkpoint notices when one of these entries is
changed or gone. Stderr shows the public key, for --log-key.`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			return a.logCheckpoint(args[0], key.value, origin.value, tiles.value)
		},
	}
	cmd.Flags().Var(&key, "key", "the key in `FILE` signs; that of the receipts will do")
	cmd.Flags().Var(&origin, "origin", "the `NAME` of the log and of its key; default: the DID of the key")
	cmd.Flags().Var(&tiles, "tiles", "write checkpoint, tiles and entries to `OUT`, as C2SP tlog-tiles has them served")
	return cmd
}

func (a *app) logCheckpoint(dir, keyFile, origin, tiles string) error {
	private, did, err := a.readPrivateKey(keyFile)
	if err != nil {
		return err
	}
	if origin == "" {
		origin = did
	}
	signer, err := translog.NewSigner(origin, private)
	if err != nil {
		return unusable("%w", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "state")); err != nil {
		return unusable("%s is not a log: %w", dir, err) // signing does not create a log
	}
	l, err := a.openLog(dir, disklog.Options{})
	if err != nil {
		return err
	}
	b, err := l.Checkpoint(signer)
	if err == nil && tiles != "" {
		err = writeTiles(l, b, tiles)
	}
	if err := errors.Join(err, l.Close()); err != nil {
		return logFailure(err)
	}
	if vkey, err := note.NewEd25519VerifierKey(origin, private.Public().(ed25519.PublicKey)); err == nil {
		a.complain("the log's key is %s", vkey)
	}
	a.stdout.Write(b) // the sink records the error
	return nil
}

// writeTiles writes the files that a static server of the log serves: the
// tiles that are new since the existing checkpoint, and the new checkpoint
// last.
func writeTiles(l *disklog.Log, checkpoint []byte, out string) error {
	old := int64(0)
	b, err := os.ReadFile(filepath.Join(out, "checkpoint"))
	switch {
	case err == nil:
		c, err := translog.ReadUnverified(b)
		if err != nil {
			return err
		}
		root, err := tlog.TreeHash(min(c.Size, l.Size()), l)
		if err != nil {
			return err
		}
		if root != c.Root {
			return fmt.Errorf("%w: %s holds the tiles of another log", translog.ErrNotProven, out)
		}
		old = c.Size
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	put := func(path string, b []byte) error {
		name := filepath.Join(out, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(name+".new", b, 0o644); err != nil {
			return err
		}
		return os.Rename(name+".new", name)
	}
	size := l.Size()
	for path := range translog.Resources(old, size) {
		b, err := translog.Resource(l, size, path)
		if err == nil {
			err = put(path, b)
		}
		if err != nil {
			return err
		}
	}
	return put("checkpoint", checkpoint)
}

// A logProof holds the settings of log prove.
type logProof struct {
	index, old       number
	checkpoint, file text
}

func (a *app) logProveCommand() *cobra.Command {
	var p logProof
	cmd := &cobra.Command{
		Use:   "prove DIR (--index N | --receipt FILE | --old N)",
		Short: "Prove that a receipt is in the log, or that the log has only grown",
		Long: `Print the proof that a receipt is in the log (C2SP tlog-proof), or that the
log of a checkpoint begins with that of an older one (the body of add-checkpoint,
C2SP tlog-witness). The log may be in use.`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return a.logProve(args[0], &p) },
	}
	cmd.Flags().Var(&p.index, "index", "prove the entry at `N`, from 0")
	cmd.Flags().Var(&p.file, "receipt", "prove the receipt in `FILE`, where it first stands")
	cmd.Flags().Var(&p.old, "old", "prove that the log has only grown since its size was `N`")
	cmd.Flags().Var(&p.checkpoint, "checkpoint", "for the checkpoint in `FILE`; default: the newest one in DIR")
	return cmd
}

func (a *app) logProve(dir string, p *logProof) error {
	count := 0
	for _, set := range []bool{p.index.set, p.old.set, p.file.value != ""} {
		if set {
			count++
		}
	}
	if count != 1 {
		return unusable("give one of --index N, --receipt FILE and --old N")
	}
	l, err := a.openLog(dir, disklog.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	checkpoint, err := a.checkpointOf(l, p.checkpoint.value)
	if err != nil {
		return err
	}
	if checkpoint == nil {
		return unusable("%s has no checkpoint: sign one with mandate log checkpoint", dir)
	}
	if p.file.value != "" {
		b, err := a.read(p.file.value)
		if err != nil {
			return err
		}
		if p.index.n, err = find(l, b); err != nil {
			return err
		}
	}
	var proof []byte
	if p.old.set {
		proof, err = translog.ProveConsistency(l, p.old.n, checkpoint)
	} else {
		proof, err = translog.ProveInclusion(l, p.index.n, checkpoint)
	}
	if err != nil {
		return &exit{exitNo, err}
	}
	a.stdout.Write(proof) // the sink records the error
	return nil
}

// find returns the first index of an entry.
func find(l *disklog.Log, entry []byte) (int64, error) {
	i := int64(0)
	for e, err := range translog.Entries(l, l.Size()) {
		if err != nil {
			return 0, logFailure(err)
		}
		if string(e) == string(entry) {
			return i, nil
		}
		i++
	}
	return 0, &exit{exitNo, errors.New("the receipt is not in the log")}
}

// checkpointOf returns the checkpoint in a file, or without a file the newest
// checkpoint of the log, or nil if there is none.
func (a *app) checkpointOf(l *disklog.Log, file string) ([]byte, error) {
	if file != "" {
		return a.read(file)
	}
	b, err := l.ReadCheckpoint()
	if err != nil {
		return nil, logFailure(err)
	}
	return b, nil
}

func (a *app) logVerifyCommand() *cobra.Command {
	var v logVerification
	cmd := &cobra.Command{
		Use:   "verify DIR [--checkpoint FILE (--issuer DID | --log-key VKEY)] [--since FILE]",
		Short: "Check that the log holds all entries that a checkpoint has committed it to",
		Long: `Read all entries of the log, and compare them with a checkpoint that you keep.
Without one the log is well-formed at best: its completeness is unproven. What
lies in DIR/checkpoint is not used: whoever cuts off the log can put an older one
there. With --since, a log of the checkpoint has to begin with that of an older
one. The signatures of receipts are not checked: see mandate receipt verify.`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return a.logVerify(args[0], &v) },
	}
	cmd.Flags().Var(&v.checkpoint, "checkpoint", "compare with the checkpoint in `FILE`")
	cmd.Flags().Var(&v.since, "since", "an older checkpoint, in `FILE`")
	cmd.Flags().Var(&v.issuers, "issuer", "the log's key is that of the `DID`, a did:key; repeatable")
	logKeyFlag(cmd, &v.keys)
	jsonFlag(cmd, &v.json)
	return cmd
}

func logKeyFlag(cmd *cobra.Command, to *texts) {
	cmd.Flags().Var(to, "log-key", "the log's key as a note verifier key `NAME+HASH+KEY`; repeatable")
}

// A logVerification holds the settings of log verify.
type logVerification struct {
	checkpoint, since text
	issuers, keys     texts
	json              bool
}

func (a *app) logVerify(dir string, v *logVerification) error {
	keys, err := logKeys(v.keys)
	if err != nil {
		return err
	}
	for _, did := range v.issuers {
		k, err := a.didLogKey(did)
		if err != nil {
			return err
		}
		keys = addKey(keys, k)
	}
	var checkpoint, since []byte
	for to, file := range map[*[]byte]string{&checkpoint: v.checkpoint.value, &since: v.since.value} {
		if file == "" {
			continue
		}
		if *to, err = a.read(file); err != nil {
			return err
		}
	}
	switch {
	case checkpoint == nil && (since != nil || len(keys) > 0):
		return unusable("--since, --issuer and --log-key need --checkpoint FILE")
	case checkpoint != nil && len(keys) == 0:
		return unusable("whose checkpoints are believed? Name the log's key with --issuer DID or --log-key VKEY")
	}
	l, err := a.openLog(dir, disklog.Options{ReadOnly: true})
	if err == nil {
		var audit *translog.Audit
		audit, err = translog.Verify(translog.Entries(l, l.Size()), checkpoint, keys...)
		if err == nil && since != nil {
			err = a.grown(l, since, checkpoint, keys)
		}
		if err == nil {
			return a.logReport(v, audit)
		}
		err = logFailure(err)
	}
	var e *exit
	if !errors.As(err, &e) || e.code != exitNo {
		return err
	}
	if v.json {
		if err := a.printJSON(object{"verified": false, "completeness": string(translog.Unproven), "error": printable(err.Error())}); err != nil {
			return err
		}
		return answered(false)
	}
	a.printf("not verified  %s\n", short(err.Error()))
	return answered(false)
}

// grown checks that the log has only grown between two checkpoints.
func (a *app) grown(l *disklog.Log, since, checkpoint []byte, keys []note.Verifier) error {
	old, err := translog.Open(since, keys...)
	if err != nil {
		return err
	}
	c, err := translog.Open(checkpoint, keys...)
	if err != nil {
		return err
	}
	if old.Size > c.Size {
		return fmt.Errorf("%w: the checkpoint of --since is newer than that of --checkpoint", translog.ErrNotProven)
	}
	proof, err := translog.ProveConsistency(l, old.Size, checkpoint)
	if err != nil {
		return err
	}
	_, err = translog.VerifyConsistency(old, proof, keys...)
	return err
}

func (a *app) logReport(v *logVerification, audit *translog.Audit) error {
	if v.json {
		gaps := []object{}
		for _, g := range audit.Gaps {
			gaps = append(gaps, object{"size": g.Size, "droppedBytes": g.Dropped, "why": printable(g.Why)})
		}
		return a.printJSON(object{"verified": true, "completeness": string(audit.Completeness), "size": audit.Entries,
			"root": audit.Root.String(), "gaps": gaps})
	}
	a.printf("entries       %d\nroot          %s\n", audit.Entries, audit.Root)
	for _, g := range audit.Gaps {
		a.printf("gap           after %d entries: %s\n", g.Size, short(g.Why))
	}
	if audit.Completeness == translog.Unproven {
		a.printf("completeness  %s: nothing shows that no entry was left out\n", audit.Completeness)
		return nil
	}
	a.printf("completeness  %s\n", audit.Completeness)
	return nil
}

// logKeys parses note verifier keys.
func logKeys(given texts) ([]note.Verifier, error) {
	var keys []note.Verifier
	for _, s := range given {
		v, err := note.NewVerifier(strings.TrimSpace(s))
		if err != nil {
			return nil, unusable("--log-key %s: %w", s, err)
		}
		keys = addKey(keys, v)
	}
	return keys, nil
}

// addKey adds a key unless it is present: a note with two keys of one name and
// hash is refused.
func addKey(keys []note.Verifier, v note.Verifier) []note.Verifier {
	for _, k := range keys {
		if k.Name() == v.Name() && k.KeyHash() == v.KeyHash() {
			return keys
		}
	}
	return append(keys, v)
}

// didLogKey returns the log key of a did:key. Its name is the DID.
func (a *app) didLogKey(did string) (note.Verifier, error) {
	_, suffix, _ := strings.Cut(did, "did:key:")
	r, err := didresolve.Key().Resolve(context.Background(), did)
	if err != nil {
		return nil, unusable("--issuer %s: %w; the log's key can be named with --log-key", did, err)
	}
	m, err := r.Document.VerificationMethod(did+"#"+suffix, didresolve.AssertionMethod, a.now())
	if err != nil {
		return nil, unusable("--issuer %s: %w", did, err)
	}
	return translog.NewVerifier(did, m.PublicKey())
}
