package store

import (
	"encoding/hex"
	"slices"
	"strings"
)

// A search finds requests by any substring of their texts. The index holds
// every substring of one, two and three characters as a token. A search text
// of up to three characters is one token. A longer text is the conjunction of
// its tokens of three, and each matching request is then checked. If many
// match, reading all texts is cheaper: see walk.

// fold returns the form of a text for comparison.
func fold(s string) string { return strings.ToLower(s) }

// searchText joins the texts of a request with line feeds. Texts contain no
// line feed, so a match cannot span two texts.
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

// token encodes text as one word of the index.
func token(text string) string { return "x" + hex.EncodeToString([]byte(text)) }

// tenantToken returns the token of all requests of a tenant.
func tenantToken(id string) string { return "t" + hex.EncodeToString([]byte(id)) }

// grams returns the tokens of the substrings of text with from to three
// characters, without duplicates.
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

// match returns the full-text query for the requests of a tenant that contain
// a folded text. If exact is false, the query finds other requests as well.
func match(tenantID, text string) (query string, exact bool) {
	n := len([]rune(text))
	tokens := grams(text, min(n, 3))
	return strings.Join(append(tokens, tenantToken(tenantID)), " AND "), n <= 3
}

// like escapes text for LIKE with the escape character \.
func like(text string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text) + "%"
}
