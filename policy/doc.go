// Package policy answers one question: do the rules of an action permit these
// execution parameters? It implements the profile via-cel/1, a subset of CEL
// for rules, and the declared shapes of parameters.
//
// [Compile] checks an action version content once and compiles its rules.
// [Action.Evaluate] then validates the parameters against the declared shapes
// and runs every rule, even after one has failed. A [Decision] allows only if
// the parameters are valid and every rule passed or was skipped because of
// appliesTo. Every other outcome, errors included, denies.
//
// # Profile via-cel/1
//
// Rules are written in a closed subset of CEL, the Common Expression Language
// (https://github.com/google/cel-spec). A rule that uses anything outside the
// following list does not compile.
//
//   - Variables: executionParams, userParams, and now, the timestamp in
//     [Input]. There is no clock, no input, no randomness.
//   - Types: bool, string, double, list, timestamp, duration, null, and maps
//     that arrive as parameters. Every number is a double, as in JSON: 500 and
//     500.0 are the same rule. Integers beyond 2^53-1 are refused.
//   - Operators: && || ! ?: == != < <= > >= in + - * / and unary minus. The
//     divisor must be a literal other than zero. An operation with an infinite
//     or NaN result is an error. Comparing values of different types is an
//     error: "5" == 5.0 is an error, not false. Only null compares with every
//     type. Inside lists and objects, values of different types are unequal.
//     The right operand of in must be a list.
//   - Macros: has, all, exists, exists_one, map, filter. Loops nest at most
//     two deep; a loop over the result of another loop counts as nested. Loops
//     run over lists only.
//   - Functions: size of strings and lists; startsWith, endsWith, contains,
//     and matches with a literal RE2 pattern;
//     timestamp("2026-05-02T10:15:30Z") and duration("72h"); getFullYear,
//     getMonth (from 0), getDate (from 1), getDayOfMonth (from 0),
//     getDayOfWeek (from 0, Sunday), getHours, getMinutes and getSeconds of a
//     timestamp, in UTC.
//
// The profile leaves out on purpose: list concatenation, + on operands of
// unknown type, map and message literals, conversions, optional syntax, % and
// integer division, indexes other than literals. Either the cost limit cannot
// bound their work or memory, or engines disagree about them.
//
// # For issuers and agents
//
// [Action.Lint] reports rules that are probably not meant as written.
// [Action.Permits] tells an agent, before a request, what it may do. Package
// suite runs test suites.
//
// # What is not checked
//
// The caller checks that the content and userParams were signed, that the
// digest of a referenced content matches, and that the mandate is the right
// one. The package does not check that rules are wise: a rule without a lower
// bound on an amount, or a pattern without anchors, compiles. [Action.Lint]
// reports such rules to their authors.
package policy

// Profile is the only profile that this version implements. A content that
// names another profile does not compile. A content that names none uses this
// one, in all later versions too: the meaning of a signed mandate must not
// change when later profiles appear, so contents must name those.
const Profile = "via-cel/1"

// Limits on the content of an action. They bound the cost of compiling. An
// issuer signs a content, but its author is not trusted.
const (
	maxContentBytes  = 256 << 10 // canonical; a generous action has 10 KB
	maxNameRunes     = 128       // of the name of an action, rule, tool or field
	maxTools         = 64
	maxFields        = 256  // per shape
	maxEnum          = 1000 // members of "values"
	maxTypeDepth     = 4    // array of array of ...
	maxRules         = 64
	maxSourceRunes   = 2048      // of one expression
	maxActionSource  = 32 << 10  // code points of all expressions together
	maxNodes         = 500       // of one expression, macros expanded
	maxNesting       = 64        // of one expression, macros expanded
	maxLoopNesting   = 2         // comprehensions; two over 1,000 items are 10^6 steps
	maxRegexInsts    = 1000      // RE2 program of one pattern
	maxParseErrors   = 4         // recovery attempts; each one scans the text again
	maxIssuesPerRule = 16        // a broken expression causes many
	maxIssues        = 256       // per content
	maxSafeInteger   = 1<<53 - 1 // above it, doubles skip integers
)

// Limits on one evaluation. A unit of cost is one step of the engine, a
// microsecond or less. The limits on parameters are part of the profile:
// another engine must refuse the same parameters to agree on every outcome. It
// may count cost differently, because no honest rule comes near the cost
// limit.
const (
	maxParamsBytes = 64 << 10  // canonical executionParams, and the same for userParams
	maxParamsItems = 1000      // elements of one array
	maxParamsDepth = 8         // the object itself is depth 1
	maxRuleCost    = 100_000   // of one rule
	maxActionCost  = 1_000_000 // of all rules; checked before each rule
	maxExplainCost = 300_000   // of explaining all failed rules; checked before each
	maxCallCost    = 100_000   // of one function call, checked before it runs
	maxRegexSteps  = 1 << 22   // bytes of subject × instructions of the program
	maxStringBytes = 1 << 20   // result of one string concatenation
	interruptEvery = 100       // loop steps between two checks of the context

	maxFaults       = 100 // reported per evaluation
	maxPointerRunes = 512 // of a reported fault; the agent controls its text
	maxValueRunes   = 64  // of one value in a reason
	maxClauseRunes  = 512 // of one compared pair in a reason
	maxReasonRunes  = 1024
	maxMessageRunes = 200 // of an engine message in a reason or an issue
)
