package store

import (
	"encoding/hex"
	"slices"
	"strings"
)

// A request is found by any substring of the texts it is searched by. Its index
// holds every substring of one, two and three characters as a token. A search of
// up to three characters is one token; a longer one is all of its tokens of
// three, and each request that has them is then looked at. When many have them
// that costs more than to read all texts: see walk.

// fold returns the form in which texts are compared.
func fold(s string) string { return strings.ToLower(s) }

// searchText joins the texts of a request. A line feed stands between them, which
// none of them holds, so that no match goes from one to the next.
func searchText(r *Request) string {
	texts := []string{r.Name, r.InternalID}
	for _, c := range r.Credentials {
		texts = append(texts, c.Name)
	}
	for _, s := range r.Subjects {
		texts = append(texts, s.Contact)
	}
	return fold(strings.ReplaceAll(strings.Join(slices.DeleteFunc(texts, func(s string) bool { return s == "" }), "\n"), endOfText, ""))
}

// token writes text as one word of the index.
func token(text string) string { return "x" + hex.EncodeToString([]byte(text)) }

// tenantToken is what the requests of a tenant have in common.
func tenantToken(id string) string { return "t" + hex.EncodeToString([]byte(id)) }

// grams returns the tokens of the substrings of text of from to three characters,
// each once.
func grams(text string, from int) []string {
	runes := []rune(text)
	seen := map[string]bool{}
	var out []string
	for n := from; n <= 3; n++ {
		for i := 0; i+n <= len(runes); i++ {
			if g := string(runes[i : i+n]); !seen[g] && !strings.Contains(g, "\n") {
				seen[g] = true
				out = append(out, token(g))
			}
		}
	}
	return out
}

// match returns the full-text query that finds all requests of a tenant in which
// a folded text occurs, and whether it finds others as well.
func match(tenantID, text string) (query string, exact bool) {
	n := len([]rune(text))
	tokens := grams(text, min(n, 3))
	return strings.Join(append(tokens, tenantToken(tenantID)), " AND "), n <= 3
}

// like escapes text for LIKE with the escape character \.
func like(text string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text) + "%"
}
