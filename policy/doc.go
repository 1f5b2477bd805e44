// Package policy answers one question: do the rules of an action permit these
// execution parameters?
//
// [Compile] checks an action version content once and compiles its rules.
// [Action.Evaluate] then validates the parameters against the declared shapes
// and runs every rule, also after one has failed. A [Decision] allows only
// when the parameters are valid and every rule passed or, because of
// appliesTo, was skipped; anything unknown, an error included, denies.
//
// # Profile via-cel/1
//
// Rules are written in a closed subset of CEL, the Common Expression Language
// (https://github.com/google/cel-spec). What is not listed does not exist, and
// a rule that uses it does not compile.
//
//   - Variables: executionParams, userParams, and now, the timestamp in
//     [Input]. There is no clock, no input, no randomness.
//   - Types: bool, string, double, list, timestamp, duration, null, and maps
//     that arrive as parameters. Every number is a double, as in JSON: 500
//     and 500.0 are the same rule. Integers beyond 2^53-1 are refused.
//   - Operators: && || ! ?: == != < <= > >= in + - * / and unary minus. The
//     divisor is a literal other than zero. An operation whose result is no
//     finite number is an error. Values of different types are not comparable:
//     "5" == 5.0 is an error, not false; only null compares with everything,
//     and inside of lists and objects values of different types are unequal.
//     in looks into lists alone.
//   - Macros: has, all, exists, exists_one, map, filter, nested two deep, a
//     loop over the result of another included. They run over lists alone.
//   - Functions: size of strings and lists; startsWith, endsWith, contains, and
//     matches with a literal RE2 pattern; timestamp("2026-05-02T10:15:30Z")
//     and duration("72h"); getFullYear, getMonth (from 0), getDate (from 1),
//     getDayOfMonth (from 0), getDayOfWeek (from 0, Sunday), getHours,
//     getMinutes and getSeconds of a timestamp, in UTC.
//
// Refused on purpose, because their work or memory cannot be bounded by the
// cost limit, or because engines disagree about them: list concatenation, + on
// operands whose type is not known, map and message literals, conversions,
// optional syntax, % and integer division, indexes that are not literals.
//
// # For issuers and agents
//
// [Action.Lint] finds what is probably not meant, [Action.Permits] says before
// a request what an agent may do, and package suite runs test suites.
//
// # What is not checked
//
// That the content and userParams were signed, that the digest of a referenced
// content matches, and that the mandate is the right one: the caller does. Nor that
// rules are wise: one with no lower bound on an amount, or a pattern without
// anchors, compiles. [Action.Lint] says so, for whoever writes them.
package policy

// Profile is the only profile this version carries out. A content that names
// another does not compile. A content that names none means this one, and
// always will: a mandate signed without the member must not change its
// meaning when later profiles appear, which have to be named.
const Profile = "via-cel/1"

// Limits on the content of an action. They bound what compiling costs; a
// content is signed by an issuer, but not written by someone we know.
const (
	maxContentBytes  = 256 << 10 // canonical; a generous action has 10 KB
	maxNameRunes     = 128       // of an action, rule, tool or field
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
	maxParseErrors   = 4         // recovery attempts; each one costs a re-scan
	maxIssuesPerRule = 16        // a broken expression has a cascade of them
	maxIssues        = 256       // per content
	maxSafeInteger   = 1<<53 - 1 // beyond it doubles skip integers
)

// Limits on one evaluation. A unit of cost is one step of the engine, a
// microsecond or less. The limits on parameters are part of the profile:
// another engine that wants to agree on every outcome has to refuse the same
// ones. Cost it may count otherwise; no honest rule comes near the limit.
const (
	maxParamsBytes = 64 << 10  // canonical executionParams, and the same for userParams
	maxParamsItems = 1000      // elements of one array
	maxParamsDepth = 8         // the object itself is depth 1
	maxRuleCost    = 100_000   // of one rule
	maxActionCost  = 1_000_000 // of all rules; checked before each rule
	maxExplainCost = 300_000   // of explaining all rules that failed; checked before each
	maxCallCost    = 100_000   // of one function call, checked before it runs
	maxRegexSteps  = 1 << 22   // bytes of subject × instructions of the program
	maxStringBytes = 1 << 20   // result of one string concatenation
	interruptEvery = 100       // loop steps between two looks at the context

	maxFaults       = 100 // reported per evaluation
	maxPointerRunes = 512 // of a reported fault; its text comes from the agent
	maxValueRunes   = 64  // of one value in a reason
	maxClauseRunes  = 512 // of one compared pair in a reason
	maxReasonRunes  = 1024
	maxMessageRunes = 200 // of an engine message in a reason or an issue
)
