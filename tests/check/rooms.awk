# docs/rooms.txt first, then C files of engine/: names every include that crosses into a room it may not touch.
FILENAME ~ /rooms\.txt$/ { if (/^[a-z]+:/) { room = $1; sub(":", "", room); may[room, room] = known[room] = 1
	for (i = 2; i <= NF; i++) may[room, $i] = 1 } next }
/^[ \t]*#[ \t]*include[ \t]*"/ {
	split(FILENAME, at, "/"); from = at[2]; to = $0; sub(/^[^"]*"/, "", to); sub(/".*/, "", to)
	if (from ~ /\.[ch]$/) next                       # directly in engine/: sees every room
	n = split(to, part, "/"); room = part[1]
	if (!known[from]) bad = "room " from " is not in docs/rooms.txt"
	else if (n < 2) bad = "\"" to "\": name it by its room, as in \"" from "/" to "\""
	else if (!may[from, room]) bad = from " may not include " room
	else next
	print FILENAME ":" FNR ": " bad; status = 1 }
END { exit status }
