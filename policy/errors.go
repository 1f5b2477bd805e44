package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mandate-engine/mandate/internal/quote"
)

// A Severity says whether an [Issue] keeps a content from compiling.
type Severity string

// The severities.
const (
	SeverityError   Severity = "error"
	SeverityWarning Severity = "warning"
)

// An Issue is one thing wrong with a content.
type Issue struct {
	// Rule is the name of the rule, or "rules/3" when it has none, or "" when
	// the issue is elsewhere in the content.
	Rule string
	// Line and Column are a position in the expression, both from 1; 0 when
	// the issue is not in an expression. Columns count code points.
	Line, Column int
	// Code is stable: malformed, missing, unknown_member, unsupported_feature,
	// unknown_profile, profile_absent, limit, duplicate, unknown_type,
	// unknown_tool, unknown_effect, syntax, type, not_bool, refused, internal;
	// [Action.Lint] has others.
	Code string
	// Message is for people. It may quote the content, truncated.
	Message string
	// Hint says what to write instead, when that is known.
	Hint     string
	Severity Severity
}

func (i Issue) String() string {
	var b strings.Builder
	if i.Rule != "" {
		fmt.Fprintf(&b, "rule %q: ", i.Rule)
	}
	if i.Line > 0 {
		fmt.Fprintf(&b, "%d:%d: ", i.Line, i.Column)
	}
	fmt.Fprintf(&b, "%s: %s", i.Code, i.Message)
	if i.Hint != "" {
		fmt.Fprintf(&b, " (%s)", i.Hint)
	}
	return b.String()
}

// A CompileError is a content that cannot be relied on. It has at least one
// issue, and at most 256; warnings stand among them.
type CompileError struct {
	Issues []Issue
}

func (e *CompileError) Error() string {
	if len(e.Issues) == 0 {
		return "policy: content does not compile"
	}
	first := e.Issues[0] // an error, if there is one: warnings may stand before it
	for _, i := range slices.Backward(e.Issues) {
		if i.Severity == SeverityError {
			first = i
		}
	}
	s := "policy: content does not compile: " + first.String()
	if n := len(e.Issues) - 1; n > 0 {
		s += fmt.Sprintf(" (and %d more)", n)
	}
	return s
}

// issues collects what is wrong with a content, bounded.
type issues struct {
	list   []Issue
	errors int
}

func (is *issues) add(i Issue) {
	if i.Severity == "" {
		i.Severity = SeverityError
	}
	if i.Severity == SeverityError {
		is.errors++
	}
	if len(is.list) < maxIssues {
		i.Rule = strings.Clone(truncate(i.Rule, maxNameRunes)) // not with all of the content's text
		i.Message, i.Hint = truncate(i.Message, maxMessageRunes), truncate(i.Hint, maxMessageRunes)
		is.list = append(is.list, i)
	}
}

// content reports an issue outside of any rule.
func (is *issues) content(code, format string, args ...any) {
	is.add(Issue{Code: code, Message: fmt.Sprintf(format, args...)})
}

// rule reports an issue of a rule outside of its expression.
func (is *issues) rule(name, code, format string, args ...any) {
	is.add(Issue{Rule: name, Code: code, Message: fmt.Sprintf(format, args...)})
}

// truncate shortens s to at most n code points, the last of which is then "…".
func truncate(s string, n int) string {
	runes, end := 0, 0
	for i := range s {
		if runes++; runes == n {
			end = i
		}
		if runes > n {
			return quote.Cut(s, end)
		}
	}
	return s
}

// shown quotes text of the content or the agent for a message.
func shown(s string) string {
	return fmt.Sprintf("%q", truncate(s, maxValueRunes))
}
