package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mandate-engine/mandate/internal/quote"
)

// A Severity says whether an [Issue] makes [Compile] fail.
type Severity string

// The severities.
const (
	SeverityError   Severity = "error"
	SeverityWarning Severity = "warning"
)

// An Issue is one problem of a content.
type Issue struct {
	// Rule is the name of the rule, or a position such as "rules/3" if the
	// rule has no name. It is "" if the issue is elsewhere in the content.
	Rule string
	// Line and Column are a position in the expression, both from 1. They are
	// 0 if the issue is not in an expression. Columns count code points.
	Line, Column int
	// Code is stable: malformed, missing, unknown_member, unsupported_feature,
	// unknown_profile, profile_absent, limit, duplicate, unknown_type,
	// unknown_tool, unknown_effect, syntax, type, not_bool, refused, internal.
	// [Action.Lint] uses other codes.
	Code string
	// Message is for people. It may quote the content, truncated.
	Message string
	// Hint suggests what to write instead, or is "".
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

// A CompileError reports a content that does not compile. It holds between 1
// and 256 issues, warnings included.
type CompileError struct {
	Issues []Issue
}

func (e *CompileError) Error() string {
	if len(e.Issues) == 0 {
		return "policy: content does not compile"
	}
	first := e.Issues[0] // the first error: warnings may precede it
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

// issues collects the issues of a content, up to maxIssues.
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
		i.Rule = strings.Clone(truncate(i.Rule, maxNameRunes)) // do not keep the text of the whole content
		i.Message, i.Hint = truncate(i.Message, maxMessageRunes), truncate(i.Hint, maxMessageRunes)
		is.list = append(is.list, i)
	}
}

// content reports an issue outside any rule.
func (is *issues) content(code, format string, args ...any) {
	is.add(Issue{Code: code, Message: fmt.Sprintf(format, args...)})
}

// rule reports an issue of a rule, outside its expression.
func (is *issues) rule(name, code, format string, args ...any) {
	is.add(Issue{Rule: name, Code: code, Message: fmt.Sprintf(format, args...)})
}

// truncate shortens s to at most n code points. The last of them is "…" if
// text was cut.
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

// shown quotes text from the content or the agent for a message.
func shown(s string) string {
	return fmt.Sprintf("%q", truncate(s, maxValueRunes))
}
