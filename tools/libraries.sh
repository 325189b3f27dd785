#!/bin/sh
# SPDX-License-Identifier: MIT
#
# libraries.sh [musl|aarch64]... - .deps/NAME/{lib,include}: libyaml and libmd where Debian has none.
#
#	musl      for the static build
#	aarch64   for the other architecture, with its glibc
#
# Debian has them built for this machine's glibc only. Their source packages are fetched by name, from
# wherever this machine gets its packages: a private copy of apt's own source lists asks for sources in
# place of programs, and lists, cache and locks lie in .deps too, so that no root is needed and nothing
# outside is changed. apt checks the signatures as ever. What is there already is left as it is.
set -eu
cd "$(dirname "$0")/.."

lacking=
for name in "${@:-musl}"; do
	case $name in
	musl | aarch64) [ -e ".deps/$name/complete" ] || lacking="$lacking $name" ;;
	*)
		echo "dev: there are no libraries to make for '$name'" >&2
		exit 2
		;;
	esac
done
[ -n "$lacking" ] || exit 0

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

echo "dev: building libyaml and libmd from their source packages for:$lacking" >&2
private_apt update >"$work/log" 2>&1 || true	# a list without sources is no matter, if another has ours
for package in libyaml libmd; do
	if ! (cd .deps/src && private_apt source "$package") >>"$work/log" 2>&1; then
		cat "$work/log" >&2
		echo "dev: could not fetch the source package $package" >&2
		exit 1
	fi
done
yaml=$(echo "$PWD"/.deps/src/libyaml-*/)
md=$(echo "$PWD"/.deps/src/libmd-*/)
version=$(basename "$yaml" | sed 's/libyaml-//')
major=${version%%.*}
minor=${version#*.}
minor=${minor%%.*}
: >.deps/src/config.h	# libmd's has nothing that its one file wants

for name in $lacking; do
	case $name in
	musl) cc=musl-gcc ar=ar ;;
	aarch64) cc=aarch64-linux-gnu-gcc ar=aarch64-linux-gnu-ar ;;
	esac
	out=$PWD/.deps/$name
	rm -rf "$out"
	mkdir -p "$out/obj" "$out/lib" "$out/include"
	compile() {
		"$cc" -O2 -ffunction-sections -fdata-sections -fstack-protector-strong "$@"
	}
	for file in "$yaml"src/*.c; do
		compile -I"$yaml/include" -DYAML_VERSION_STRING="\"$version\"" -DYAML_VERSION_MAJOR="$major" \
			-DYAML_VERSION_MINOR="$minor" -DYAML_VERSION_PATCH="${version##*.}" \
			-c "$file" -o "$out/obj/$(basename "$file" .c).o"
	done
	"$ar" rcs "$out/lib/libyaml.a" "$out"/obj/*.o
	compile -I.deps/src -I"$md/include" -I"$md/src" -c "$md/src/sha2.c" -o "$out/obj/sha2.o"
	"$ar" rcs "$out/lib/libmd.a" "$out/obj/sha2.o"
	cp "$yaml/include/yaml.h" "$md/include/sha2.h" "$out/include/"
	rm -rf "$out/obj"
	: >"$out/complete"
done
rm -rf "$work" .deps/src
