#!/bin/sh
# Prints the home of a JDK 25: JAVA_HOME if it is one, the java on the PATH, then the usual folders.
# Where there is none it says in one sentence what to install and exits with 2.
# ./mvnw and ./larmor ask here; plain mvn finds a JDK 25 by itself (profile find-jdk in pom.xml).

is_jdk25() {
  [ -x "$1/bin/javac" ] && grep -q '^JAVA_VERSION="25[."]' "$1/release" 2>/dev/null
}

java_on_path=$(command -v java) && java_on_path=$(readlink -f "$java_on_path")

for home in \
  "${JAVA_HOME:-}" \
  "${java_on_path%/bin/java}" \
  /usr/lib/jvm/* \
  /usr/lib64/jvm/* \
  /usr/java/* \
  /usr/local/lib/jvm/* \
  /opt/* \
  /opt/java/* \
  /opt/jdk/* \
  "$HOME"/.sdkman/candidates/java/* \
  "$HOME"/.jdks/* \
  "$HOME"/.asdf/installs/java/* \
  "$HOME"/.local/share/mise/installs/java/* \
  /Library/Java/JavaVirtualMachines/*/Contents/Home \
  "$HOME"/Library/Java/JavaVirtualMachines/*/Contents/Home \
  /opt/homebrew/opt/openjdk@25/libexec/openjdk.jdk/Contents/Home \
  /usr/local/opt/openjdk@25/libexec/openjdk.jdk/Contents/Home; do
  if is_jdk25 "$home"; then
    printf '%s\n' "$home"
    exit 0
  fi
done

echo "Larmor needs a JDK 25 and found none in JAVA_HOME, on the PATH or in the usual folders:" \
  "install one (for example Temurin 25 from https://adoptium.net) or set JAVA_HOME to it." >&2
exit 2
