package testvectors

import (
	"fmt"
	"math"
	"reflect"
	"regexp"
	"strings"
)

// A schema validates with the keywords of JSON Schema 2020-12 that schema.json
// uses. It panics on other keywords.
type schema struct{ root map[string]any }

func (s schema) valid(rule, v any) bool {
	r := rule.(map[string]any)
	for keyword, arg := range r {
		if !s.keyword(r, keyword, arg, v) {
			return false
		}
	}
	return true
}

func (s schema) keyword(rule map[string]any, keyword string, arg, v any) bool {
	o, isObject := v.(map[string]any)
	list, isArray := v.([]any)
	switch keyword {
	case "$schema", "title", "$defs", "then":
		return true
	case "$ref":
		name, ok := strings.CutPrefix(arg.(string), "#/$defs/")
		def := s.root["$defs"].(map[string]any)[name]
		if !ok || def == nil {
			panic("no definition " + name)
		}
		return s.valid(def, v)
	case "type":
		return typed(arg.(string), v)
	case "const":
		return reflect.DeepEqual(arg, v)
	case "enum":
		for _, e := range arg.([]any) {
			if reflect.DeepEqual(e, v) {
				return true
			}
		}
		return false
	case "pattern":
		text, ok := v.(string)
		return !ok || regexp.MustCompile(arg.(string)).MatchString(text)
	case "minimum":
		n, ok := v.(float64)
		return !ok || n >= arg.(float64)
	case "minItems":
		return !isArray || len(list) >= int(arg.(float64))
	case "items":
		for _, e := range list {
			if !s.valid(arg, e) {
				return false
			}
		}
		return true
	case "required":
		for _, name := range arg.([]any) {
			if _, ok := o[name.(string)]; isObject && !ok {
				return false
			}
		}
		return true
	case "properties":
		for name, sub := range arg.(map[string]any) {
			if m, ok := o[name]; ok && !s.valid(sub, m) {
				return false
			}
		}
		return true
	case "additionalProperties":
		known, _ := rule["properties"].(map[string]any)
		for name := range o {
			if _, ok := known[name]; !ok && arg == false {
				return false
			}
		}
		return true
	case "allOf":
		return s.count(arg, v) == len(arg.([]any))
	case "oneOf":
		return s.count(arg, v) == 1
	case "not":
		return !s.valid(arg, v)
	case "if":
		return !s.valid(arg, v) || s.valid(rule["then"], v)
	}
	panic(fmt.Sprintf("keyword %s is not known", keyword))
}

func (s schema) count(rules, v any) int {
	n := 0
	for _, r := range rules.([]any) {
		if s.valid(r, v) {
			n++
		}
	}
	return n
}

func typed(name string, v any) bool {
	switch v := v.(type) {
	case string:
		return name == "string"
	case bool:
		return name == "boolean"
	case float64:
		return name == "integer" && v == math.Trunc(v)
	case []any:
		return name == "array"
	case map[string]any:
		return name == "object"
	}
	return false
}
