package policy

import (
	"errors"
	"slices"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

// Variables that rules see.
const (
	execVar = "executionParams"
	userVar = "userParams"
	nowVar  = "now"
)

// Names of the declared shapes as types. No rule can write them, and they
// share no prefix with a variable: the checker resolves a.b to a type called
// "a.b" before it looks for a field b of a.
const (
	execType = "@execution"
	userType = "@user"
)

// newEnv returns the environment of the profile for two shapes. It starts
// from nothing, not from the standard library, so that a function that is not
// listed here does not exist, in this version of the engine or the next.
func newEnv(exec, user *shape) (*cel.Env, error) {
	opts := []cel.EnvOption{
		cel.CustomTypeProvider(&provider{exec: exec, user: user}),
		cel.CustomTypeAdapter(adapter{types.DefaultTypeAdapter}),
		cel.Variable(execVar, shapeType(exec, execType)),
		cel.Variable(userVar, shapeType(user, userType)),
		cel.Variable(nowVar, cel.TimestampType),
		cel.Macros(cel.HasMacro, cel.AllMacro, cel.ExistsMacro, cel.ExistsOneMacro,
			cel.MapMacro, cel.MapFilterMacro, cel.FilterMacro),
		// The accumulator of a macro is then an identifier no rule can write.
		cel.EnableHiddenAccumulatorName(true),
		// Explanations print a macro as it was written.
		cel.EnableMacroCallTracking(),
		// has(a.b) is an error, not false, when a is a string: an agent must
		// not be able to switch off a guard by sending another type.
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

// An adapter makes a map of a whole variable whose shape is declared, which
// rules seldom ask for: they read its fields.
type adapter struct{ types.Adapter }

// NativeToValue implements types.Adapter.
func (a adapter) NativeToValue(v any) ref.Val {
	if p, ok := v.(*params); ok {
		return a.Adapter.NativeToValue(p.members())
	}
	return a.Adapter.NativeToValue(v)
}

// A provider tells the checker the declared fields, and the engine how to get
// them.
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
	missing := errors.New("no such key: " + field) // as the engine says it of maps
	get := func(target any) (any, error) {
		switch t := target.(type) {
		case *params:
			if v := t.fields[f.index]; v != nil {
				return v, nil
			}
		case map[string]any: // what adapter makes
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

// NewValue implements types.Provider. The hardener refuses message literals
// before anything could call this.
func (p *provider) NewValue(string, map[string]ref.Val) ref.Val {
	return types.NewErr("messages cannot be constructed")
}
