/*
 * The turns of a fleet: so many manager writes at a time, and a place in a line for each actor that waits for one.
 *
 * Earlier moves go before later ones, but not for ever: so many in a row while a later one waits, then that one. No actor starves, even if
 * all ask again as soon as they have had their turn, for ever.
 */
#ifndef ACTORS
#define ACTORS 3
#endif
#define IN_A_ROW 2

chan earlier = [ACTORS] of { byte };
chan later = [ACTORS] of { byte };
byte inARow;
bool taken;            /* the one write that may be under way */
bool waits[ACTORS];
bool turn[ACTORS];

/* It asks, waits in its lane, has its turn, and asks again. The last one asks for later moves alone. */
active [ACTORS] proctype actor() {
  byte me = _pid;
end: do
  :: atomic { !waits[me] && !turn[me] ->
       waits[me] = true;
       if
       :: me < ACTORS - 1 -> earlier!me
       :: later!me
       fi }
  :: atomic { turn[me] -> turn[me] = false; taken = false }
  od
}

#define EARLIER_NEXT (len(earlier) > 0 && (len(later) == 0 || inARow < IN_A_ROW))

active proctype fleet() {
  byte next;
end: do
  :: atomic { !taken && EARLIER_NEXT ->
       if :: len(later) > 0 -> inARow++ :: else -> inARow = 0 fi;
       earlier?next; waits[next] = false; turn[next] = true; taken = true }
  :: atomic { !taken && len(later) > 0 && !EARLIER_NEXT -> inARow = 0;
       later?next; waits[next] = false; turn[next] = true; taken = true }
  od
}

ltl fair { [] (waits[0] -> <> turn[0]) && [] (waits[ACTORS - 1] -> <> turn[ACTORS - 1]) }
