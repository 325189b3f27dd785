#!/bin/sh
# SPDX-License-Identifier: MIT
#
# libyaml-musl.sh - .deps/musl/lib/libyaml.a and yaml.h for the static build.
#
# Debian has libyaml built for glibc only. Its source package is fetched by name, from wherever this
# machine gets its packages: a private copy of apt's own source lists asks for sources in place of
# programs, and lists, cache and locks lie in .deps too, so that no root is needed and nothing
# outside is changed. apt checks the signatures as ever. Does nothing when the library is there.
set -eu
cd "$(dirname "$0")/.."

out=$PWD/.deps/musl
[ ! -e "$out/lib/libyaml.a" ] || exit 0

work=$PWD/.deps/apt
rm -rf "$work" .deps/src
mkdir -p "$work/parts" "$work/lists/partial" "$work/cache/archives/partial" .deps/src

eval "$(apt-config shell list Dir::Etc::sourcelist/f parts Dir::Etc::sourceparts/d)"
for file in "$list" "$parts"/*; do
	name=$work/parts/$(basename "$file")
	case $file in
	*.list) [ ! -f "$file" ] || sed -n 's/^[[:space:]]*deb[[:space:]]/deb-src /p' "$file" >"$name" ;;
	*.sources) [ ! -f "$file" ] || sed 's/^Types:.*/Types: deb-src/' "$file" >"$name" ;;
	esac
done

private_apt() {
	apt-get -qq -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$work/parts" \
		-o Dir::State::Lists="$work/lists" -o Dir::Cache="$work/cache" -o APT::Sandbox::User= \
		-o Acquire::Languages=none "$@"
}

echo "dev: building libyaml for musl from its source package" >&2
private_apt update >"$work/log" 2>&1 || true	# a list without sources is no matter, if another has ours
if ! (cd .deps/src && private_apt source libyaml) >>"$work/log" 2>&1; then
	cat "$work/log" >&2
	echo "dev: could not fetch the source package libyaml" >&2
	exit 1
fi
src=$(echo "$PWD"/.deps/src/libyaml-*/)
version=$(basename "$src" | sed 's/libyaml-//')
major=${version%%.*}
minor=${version#*.}
minor=${minor%%.*}
mkdir -p "$out/obj" "$out/lib" "$out/include"
for file in "$src"src/*.c; do
	musl-gcc -O2 -ffunction-sections -fdata-sections -fstack-protector-strong -I"$src/include" \
		-DYAML_VERSION_STRING="\"$version\"" -DYAML_VERSION_MAJOR="$major" -DYAML_VERSION_MINOR="$minor" \
		-DYAML_VERSION_PATCH="${version##*.}" -c "$file" -o "$out/obj/$(basename "$file" .c).o"
done
cp "$src/include/yaml.h" "$out/include/"
rm -f "$out/lib/new.a"
ar rcs "$out/lib/new.a" "$out"/obj/*.o
mv "$out/lib/new.a" "$out/lib/libyaml.a"
rm -rf "$work" .deps/src "$out/obj"
