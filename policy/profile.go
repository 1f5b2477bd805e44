package policy

import (
	"errors"
	"slices"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

// The variables of rules.
const (
	execVar = "executionParams"
	userVar = "userParams"
	nowVar  = "now"
)

// The type names of the declared shapes. No rule can write them, and they
// share no prefix with a variable: the checker resolves a.b to a type called
// "a.b" before it looks for a field b of a.
const (
	execType = "@execution"
	userType = "@user"
)

// newEnv returns the environment of the profile for two shapes. It starts
// empty, without the standard library, so that only the functions listed here
// exist, in this and later versions of the engine.
func newEnv(exec, user *shape) (*cel.Env, error) {
	opts := []cel.EnvOption{
		cel.CustomTypeProvider(&provider{exec: exec, user: user}),
		cel.CustomTypeAdapter(adapter{types.DefaultTypeAdapter}),
		cel.Variable(execVar, shapeType(exec, execType)),
		cel.Variable(userVar, shapeType(user, userType)),
		cel.Variable(nowVar, cel.TimestampType),
		cel.Macros(cel.HasMacro, cel.AllMacro, cel.ExistsMacro, cel.ExistsOneMacro,
			cel.MapMacro, cel.MapFilterMacro, cel.FilterMacro),
		// No rule can then write the accumulator of a macro.
		cel.EnableHiddenAccumulatorName(true),
		// Explanations print the macro call as written.
		cel.EnableMacroCallTracking(),
		// has(a.b) is an error, not false, if a is a string: an agent must not
		// be able to disable a guard by sending another type.
		cel.EnableErrorOnBadPresenceTest(true),
		cel.ParserExpressionSizeLimit(maxSourceRunes),
		cel.ParserRecursionLimit(maxNesting),
		cel.ParserErrorRecoveryLimit(maxParseErrors),
		// Not cel.RegexProgramSizeLimit: in v0.31.0 it panics on any counted
		// repetition. The hardener has its own limit.
	}
	return cel.NewCustomEnv(slices.Concat(opts, operatorDecls(), functionDecls())...)
}

func shapeType(s *shape, name string) *cel.Type {
	if s.declared {
		return cel.ObjectType(name)
	}
	return cel.MapType(cel.StringType, cel.DynType)
}

// celType is the static type of a declared field.
func (t *typ) celType() *cel.Type {
	switch t.kind {
	case stringKind, dateKind, urlKind:
		return cel.StringType
	case numberKind:
		return cel.DoubleType
	case booleanKind:
		return cel.BoolType
	case objectKind:
		return cel.MapType(cel.StringType, cel.DynType)
	case arrayKind:
		if t.items != nil {
			return cel.ListType(t.items.celType())
		}
		return cel.ListType(cel.DynType)
	}
	return cel.DynType
}

// An adapter converts a whole variable of a declared shape to a map. Rules
// seldom need that: they read fields.
type adapter struct{ types.Adapter }

// NativeToValue implements types.Adapter.
func (a adapter) NativeToValue(v any) ref.Val {
	if p, ok := v.(*params); ok {
		return a.Adapter.NativeToValue(p.members())
	}
	return a.Adapter.NativeToValue(v)
}

// A provider gives the checker the declared fields and the engine their
// values.
type provider struct{ exec, user *shape }

func (p *provider) shape(name string) *shape {
	switch name {
	case execType:
		return p.exec
	case userType:
		return p.user
	}
	return nil
}

// EnumValue implements types.Provider. There are no enumerations.
func (p *provider) EnumValue(string) ref.Val { return types.NewErr("no such enumeration") }

// FindIdent implements types.Provider. No rule can name a type.
func (p *provider) FindIdent(string) (ref.Val, bool) { return nil, false }

// FindStructType implements types.Provider.
func (p *provider) FindStructType(name string) (*types.Type, bool) {
	if p.shape(name) == nil {
		return nil, false
	}
	return types.NewTypeTypeWithParam(types.NewObjectType(name)), true
}

// FindStructFieldNames implements types.Provider.
func (p *provider) FindStructFieldNames(name string) ([]string, bool) {
	s := p.shape(name)
	if s == nil {
		return nil, false
	}
	return s.names, true
}

// FindStructFieldType implements types.Provider.
func (p *provider) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	s := p.shape(name)
	if s == nil || s.fields[field] == nil {
		return nil, false
	}
	f := s.fields[field]
	missing := errors.New("no such key: " + field) // the engine's text for maps
	get := func(target any) (any, error) {
		switch t := target.(type) {
		case *params:
			if v := t.fields[f.index]; v != nil {
				return v, nil
			}
		case map[string]any: // made by adapter
			if v, ok := t[field]; ok {
				return v, nil
			}
		}
		return nil, missing
	}
	isSet := func(target any) bool {
		_, err := get(target)
		return err == nil
	}
	return &types.FieldType{Type: f.celType(), IsSet: isSet, GetFrom: get}, true
}

// NewValue implements types.Provider. It is never called: the hardener refuses
// message literals.
func (p *provider) NewValue(string, map[string]ref.Val) ref.Val {
	return types.NewErr("messages cannot be constructed")
}
