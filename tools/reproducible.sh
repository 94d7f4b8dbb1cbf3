#!/usr/bin/env bash
# Builds the newest commit twice and compares the programs byte by byte: in two
# clones in folders of different names and depths, and the second time without what
# the build cache holds of our own packages, so that each is compiled twice, at another
# time. It says the digests, which are those of any build of that commit by the same
# Go version for the same platform.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
go=${GO:-go}
repository=$PWD
cache=$("$go" env GOCACHE)
work=$(mktemp -d "$(dirname "$cache")/audiencesync-reproducible.XXXXXX")
trap 'rm -rf "$work"' EXIT
export CGO_ENABLED=0

# build FOLDER clones the commit there and builds both programs.
build() {
  git clone --quiet "$repository" "$1"
  (cd "$1" && for program in starter worker; do
    "$go" build -trimpath -buildvcs=true -o "bin/$program" "./$program"
  done)
}

build "$work/first"
# Links, where the file system has them, take no room. What is cached is named after its
# content, so nothing is lost for the cache itself.
cp -al "$cache" "$work/cache" 2>/dev/null || cp -R "$cache" "$work/cache"
(cd "$work/first" && "$go" list -trimpath -export -deps -f '{{if .Module}}{{if .Module.Main}}{{.Export}}{{end}}{{end}}' ./starter ./worker) |
  while read -r compiled; do rm -f "$work/cache/${compiled#"$cache"/}"; done
GOCACHE=$work/cache build "$work/another/folder/second"

for program in starter worker; do
  first=$work/first/bin/$program second=$work/another/folder/second/bin/$program
  cmp "$first" "$second" || { echo "the builds of $program differ; compare: go version -m" >&2; exit 1; }
  "$go" version -m "$first" | grep -q 'vcs.revision=' || { echo "$program has no stamp of its commit" >&2; exit 1; }
  sha256sum <"$first" | sed "s|-|$program|"
done
echo "two builds of $(git rev-parse --short HEAD), byte for byte the same"
