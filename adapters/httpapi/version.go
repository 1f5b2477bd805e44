package httpapi

import (
	"net/http"
	"slices"
	"time"
)

// versions are the API versions, oldest first.
var versions = []string{"2026-03-03"}

// version returns the API version of a call: the newest version that is not
// after the date in API-Version, or in the key if the header is absent.
func version(r *http.Request, key Key) (string, error) {
	given := r.Header.Values("API-Version")
	requested := key.APIVersion
	switch {
	case len(given) > 1:
		return "", &problem{status: http.StatusBadRequest, code: "invalid_api_version", header: "API-Version", detail: "it is given twice"}
	case len(given) == 1:
		requested = given[0]
	case requested == "":
		return versions[len(versions)-1], nil
	}
	if _, err := time.Parse(time.DateOnly, requested); err != nil {
		return "", &problem{status: http.StatusBadRequest, code: "invalid_api_version", header: "API-Version", detail: "it is not a date YYYY-MM-DD"}
	}
	i, found := slices.BinarySearch(versions, requested)
	if found {
		return requested, nil
	}
	if i == 0 {
		return "", &problem{status: http.StatusBadRequest, code: "invalid_api_version", header: "API-Version", detail: "the first version is " + versions[0]}
	}
	return versions[i-1], nil
}
