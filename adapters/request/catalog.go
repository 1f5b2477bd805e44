package request

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/mandate-engine/mandate/adapters/fault"
	"github.com/mandate-engine/mandate/adapters/store"
	"github.com/mandate-engine/mandate/canonical"
	"github.com/mandate-engine/mandate/policy"
)

const (
	kindAction   = "action"
	kindResource = "resource"
	kindGroup    = "group"
	maxActions   = 1 << 20 // bytes of a body
	maxListed    = 1000
)

// actionID returns the ID of a tenant's action. All versions share it.
func actionID(tenantID, name string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "mandate action %q %q", tenantID, name))
	return "urn:via:action:" + formatUUID([16]byte(sum[:16]), 8)
}

// PublishAction publishes a version of an action: POST /actions, with {name,
// description?, content}. It compiles and lints the content and refuses it if
// there is an error. A known name gets the next version. If the newest version
// has the same content, PublishAction returns that version.
func (s *Service) PublishAction(ctx context.Context, caller store.Tenant, body []byte) ([]byte, error) {
	o, err := fault.Body(body, maxActions, false)
	if err != nil {
		return nil, err
	}
	name, description := o.Text("name", maxText, true), o.Prose("description", 2000, false)
	content := o.Object("content", true)
	if err := o.Err(); err != nil {
		return nil, err
	}
	compiled, err := policy.Compile(content.Value)
	var bad *policy.CompileError
	switch {
	case errors.As(err, &bad):
		return nil, fault.At(fault.Invalid, content.Pointer, "action_invalid", "%s", issues(bad.Issues))
	case err != nil:
		return nil, fault.At(fault.Invalid, content.Pointer, "action_invalid", "it does not compile")
	}
	warnings := []string{}
	for _, i := range compiled.Lint() {
		if i.Severity == policy.SeverityError {
			return nil, fault.At(fault.Invalid, content.Pointer, "action_invalid", "%s", issues([]policy.Issue{i}))
		}
		warnings = append(warnings, i.String())
	}
	e := store.Entry{TenantID: caller.ID, Kind: kindAction, Name: actionID(caller.ID, name), Version: 1, Digest: canonical.SRI(content.Value.SHA256()), Created: s.now()}
	if e.Body, err = canonical.Marshal(object{"name": name, "description": orNull(description), "content": content.Value}); err != nil {
		return nil, err
	}
	err = s.cfg.Store.Update(ctx, func(tx store.Tx) error {
		last, err := tx.NewestEntry(caller.ID, kindAction, e.Name)
		switch {
		case errors.Is(err, store.ErrNotFound):
		case err != nil:
			return err
		case last.Digest == e.Digest:
			e = last
			return nil
		default:
			e.Version = last.Version + 1
		}
		e.ID = versionID(e.Name, e.Version)
		return tx.InsertEntry(e)
	})
	if err != nil {
		return nil, err
	}
	return canonical.Marshal(object{"id": e.Name, "version": e.Version, "digestSRI": e.Digest, "versionId": e.ID, "warnings": warnings})
}

func versionID(actionID string, version int64) string {
	return actionID + ":" + strconv.FormatInt(version, 10)
}

// issues formats the issues of an action, truncated.
func issues(list []policy.Issue) string {
	var texts []string
	for i, issue := range list {
		if i == 5 {
			texts = append(texts, fmt.Sprintf("and %d more", len(list)-i))
			break
		}
		texts = append(texts, strings.ToValidUTF8(issue.String(), "\uFFFD"))
	}
	return strings.Join(texts, "; ")
}

func (s *Service) entries(ctx context.Context, caller store.Tenant, kind string) (list []store.Entry, err error) {
	err = s.cfg.Store.View(ctx, func(tx store.Tx) (err error) { list, err = tx.Entries(caller.ID, kind, maxListed); return err })
	return list, err
}

func bodyOf(e store.Entry) (canonical.Value, error) {
	d, err := canonical.Limits{MaxBytes: maxBody}.Parse(e.Body)
	if err != nil {
		return canonical.Value{}, fmt.Errorf("request: %s %s: %w", e.Kind, e.ID, err)
	}
	return d.Root(), nil
}

// contentOf returns the content of an action as published.
func contentOf(e store.Entry) (canonical.Value, error) {
	b, err := bodyOf(e)
	if err != nil {
		return b, err
	}
	content := b.Get("content")
	if canonical.SRI(content.SHA256()) != e.Digest {
		return b, fmt.Errorf("request: action %s has changed in the store", e.ID)
	}
	return content, nil
}

// Actions lists at most 1,000 of the caller's action versions, newest first:
// GET /actions.
func (s *Service) Actions(ctx context.Context, caller store.Tenant) ([]byte, error) {
	list, err := s.entries(ctx, caller, kindAction)
	if err != nil {
		return nil, err
	}
	data := []object{}
	for _, e := range list {
		row, err := actionJSON(e)
		if err != nil {
			return nil, err
		}
		delete(row, "content")
		data = append(data, row)
	}
	return canonical.Marshal(object{"data": data})
}

func actionJSON(e store.Entry) (object, error) {
	content, err := contentOf(e)
	if err != nil {
		return nil, err
	}
	b, err := bodyOf(e)
	if err != nil {
		return nil, err
	}
	return object{"id": e.Name, "version": e.Version, "versionId": e.ID, "digestSRI": e.Digest, "name": b.Get("name"), "description": b.Get("description"),
		"content": content, "createdAt": e.Created.Format(millis)}, nil
}

// ActionVersion returns an action by the ID of a version, or the newest
// version by the ID of an action: GET /actions/version/{id}.
func (s *Service) ActionVersion(ctx context.Context, caller store.Tenant, id string) ([]byte, error) {
	var e store.Entry
	err := s.cfg.Store.View(ctx, func(tx store.Tx) (err error) {
		if e, err = tx.Entry(caller.ID, kindAction, id); errors.Is(err, store.ErrNotFound) {
			e, err = tx.NewestEntry(caller.ID, kindAction, id)
		}
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil, fault.New(fault.NotFound, "unknown_action", "there is no such action")
	}
	if err != nil {
		return nil, err
	}
	row, err := actionJSON(e)
	if err != nil {
		return nil, err
	}
	return canonical.Marshal(row)
}

// Action implements [policy.Source] for all published actions. It finds them
// by digest, so a reference without a digest is not found.
func (s *Service) Action(ctx context.Context, ref policy.Ref) ([]byte, error) {
	var e store.Entry
	err := s.cfg.Store.View(ctx, func(tx store.Tx) (err error) { e, err = tx.EntryByDigest(ref.Digest); return err })
	if errors.Is(err, store.ErrNotFound) {
		return nil, policy.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	content, err := contentOf(e)
	if err != nil {
		return nil, err
	}
	return content.AppendCanonical(nil), nil
}

var templateKinds = []string{typeDocument, typeConsent, typeJSON, typePolicy, typeForm}

// CreateResource stores a credential template, in the format of an element of
// credentials[] in a request, or a FORM: POST /resource.
func (s *Service) CreateResource(ctx context.Context, caller store.Tenant, body []byte) ([]byte, error) {
	o, err := fault.Body(body, maxBody, false)
	if err != nil {
		return nil, err
	}
	t := readTemplate(o, nil, templateKinds...)
	if len(t.placements) > 0 {
		o.Fail("placements", fault.Value, "are of one request alone: a template knows no contacts")
	}
	if err := o.Err(); err != nil {
		return nil, err
	}
	return s.publish(ctx, caller, kindResource, o.Value, object{"type": t.kind, "name": orNull(t.name)}, func(tx store.Tx) error {
		_, err := s.action(ctx, tx, caller, t)
		return err
	})
}

// CreateGroup stores a list of templates, {name, resourcesIds}: POST
// /resource/group.
func (s *Service) CreateGroup(ctx context.Context, caller store.Tenant, body []byte) ([]byte, error) {
	o, err := fault.Body(body, smallBody, false)
	if err != nil {
		return nil, err
	}
	name, ids := o.Text("name", maxText, true), o.Texts("resourcesIds", maxTemplates, maxText, true)
	if len(ids) == 0 {
		o.Fail("resourcesIds", fault.Value, "is empty")
	}
	if err := o.Err(); err != nil {
		return nil, err
	}
	return s.publish(ctx, caller, kindGroup, o.Value, object{"name": name, "resourcesIds": ids}, func(tx store.Tx) error {
		for i, id := range ids {
			if _, err := tx.Entry(caller.ID, kindResource, id); errors.Is(err, store.ErrNotFound) {
				return fault.At(fault.Invalid, fmt.Sprintf("/resourcesIds/%d", i), "unknown_resource", "there is no such resource")
			} else if err != nil {
				return err
			}
		}
		return nil
	})
}

// publish stores v if check succeeds.
func (s *Service) publish(ctx context.Context, caller store.Tenant, kind string, v canonical.Value, answer object, check func(store.Tx) error) ([]byte, error) {
	id, err := s.objectID()
	if err != nil {
		return nil, err
	}
	e := store.Entry{ID: id, TenantID: caller.ID, Kind: kind, Name: id, Version: 1, Body: v.AppendCanonical(nil), Created: s.now()}
	if err := s.cfg.Store.Update(ctx, func(tx store.Tx) error {
		if err := check(tx); err != nil {
			return err
		}
		return tx.InsertEntry(e)
	}); err != nil {
		return nil, err
	}
	answer["id"], answer["createdAt"] = id, e.Created.Format(millis)
	return canonical.Marshal(answer)
}

// Resources lists the caller's templates and groups, newest first, at most
// 1,000 of each: GET /resource.
func (s *Service) Resources(ctx context.Context, caller store.Tenant) ([]byte, error) {
	out := object{}
	for name, kind := range map[string]string{"data": kindResource, "groups": kindGroup} {
		list, err := s.entries(ctx, caller, kind)
		if err != nil {
			return nil, err
		}
		rows := []object{}
		for _, e := range list {
			b, err := bodyOf(e)
			if err != nil {
				return nil, err
			}
			row := object{"id": e.ID, "createdAt": e.Created.Format(millis)}
			for _, m := range []string{"type", "name", "internalId", "description", "scope", "resourcesIds"} {
				if v := b.Get(m); v.Kind() != canonical.Absent {
					row[m] = v
				}
			}
			rows = append(rows, row)
		}
		out[name] = rows
	}
	return canonical.Marshal(out)
}

// storedTemplate reads a stored template. It was validated when it was stored.
func storedTemplate(tx store.Tx, caller store.Tenant, id string) (*template, error) {
	e, err := tx.Entry(caller.ID, kindResource, id)
	if err != nil {
		return nil, err
	}
	b, err := bodyOf(e)
	if err != nil {
		return nil, err
	}
	o := fault.Of(b, "")
	t := readTemplate(o, nil, templateKinds...)
	return t, o.Err()
}

// groupMembers returns the templates of a group.
func groupMembers(tx store.Tx, caller store.Tenant, id string) ([]string, error) {
	e, err := tx.Entry(caller.ID, kindGroup, id)
	if err != nil {
		return nil, err
	}
	b, err := bodyOf(e)
	if err != nil {
		return nil, err
	}
	o := fault.Of(b, "")
	return o.Texts("resourcesIds", maxTemplates, maxText, true), o.Err()
}
