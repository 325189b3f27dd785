# A chain with what Nix can ask of a builder: several outputs, a fixed-output derivation, passAsFile, structured
# attributes, an input that is a link. Each builder tries first what a sandbox must refuse, and says what it got.
{ salt ? "0", port ? "1" }:
let
  system = builtins.currentSystem;
  try = builtins.toFile "try.sh" (builtins.readFile ./try.sh);
  build = name: text: more: derivation ({
    inherit name system try port;
    builder = "/bin/sh";
    args = [ "-e" "-c" ". $try; ${text}" "two
lines" ];
  } // more);
  dep = build "dep" ''
    echo "library ${salt}" > $out
    /bin/payload mkdir $dev
    echo "header of $out" > $dev/header
    /bin/payload symlink $dev $link
  '' { outputs = [ "out" "dev" "link" ]; };
  fixed = build "fixed" "printf hello > $out" {
    outputHashMode = "flat";
    outputHashAlgo = "sha256";
    outputHash = builtins.hashString "sha256" "hello";
  };
  structured = derivation {
    name = "structured";
    inherit system;
    __structuredAttrs = true;
    builder = "/bin/sh";
    try = try;
    list = [ "a" { b = "c"; } ];
    args = [ "-e" "-c" ''
      read -r json < $NIX_ATTRS_JSON_FILE || :
      try=''${json#*'"try":"'}; try=''${try%%'"'*}; . $try
      out=''${json#*'"outputs":{"out":"'}; out=''${out%%'"'*}
      list=''${json#*'"list":'}; echo "''${list%%]*}" > $out
    '' ];
  };
  main = build "main" ''
    probe input-directory create $link/own
    read -r passed < $textPath
    read -r header < $link/header
    read -r library < $dep
    read -r list < $structured
    printf '%s\n' "$passed" "$header" "$library" "$list" "$0" "$fixed" > $out
  '' {
    inherit dep fixed structured;
    inherit (dep) link;
    text = "passed as a file\n";
    passAsFile = [ "text" ];
  };
in { inherit dep fixed structured main; }
