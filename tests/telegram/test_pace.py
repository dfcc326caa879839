"""How fast messages may go: Telegram's published limits, kept by arithmetic on a clock of the test's own."""

from bot.platforms.telegram.pace import EVERYBODY, GROUP, MARGIN, PERSON, TIDY_AT, Pace

ANN, TEAM = 7, -7


def waits(pace: Pace, chat: int, count: int, now: float = 0.0) -> list[float]:
    """Ask for so many messages to a chat at one moment, and leave out the margin."""
    found = (pace.wait(f"{chat}:{number}", chat, now) for number in range(count))
    return [round(wait - MARGIN, 3) if wait else 0 for wait in found]


def test_a_person_gets_a_short_burst_and_then_one_a_second() -> None:
    """The first three messages go at once, each further one a second after the one before."""
    assert waits(Pace(), ANN, 6) == [0, 0, 0, 1, 2, 3]
    assert PERSON.seconds == 1


def test_a_group_gets_twenty_a_minute() -> None:
    """A group's burst is what a minute allows; then one goes every three seconds."""
    assert waits(Pace(), TEAM, 22) == [0] * 20 + [3, 6]
    assert 60 / GROUP.seconds == 20


def test_everybody_together_gets_thirty_a_second() -> None:
    """Messages to many people wait for each other once a second's worth is gone."""
    pace = Pace()
    found = [pace.wait(str(chat), chat, 0.0) for chat in range(1, 93)]
    assert found[:30] == [0] * 30
    assert [round(wait - MARGIN, 3) for wait in found[30:33]] == [0.033, 0.067, 0.1]
    assert round(found[89] - MARGIN, 3) == round(60 * EVERYBODY.seconds, 3)


def test_a_message_that_waited_its_time_goes() -> None:
    """A turn is given once: asking again before it gives the rest of the wait, asking after it lets the message go."""
    pace = Pace()
    assert waits(pace, ANN, 4) == [0, 0, 0, 1]
    assert round(pace.wait("7:3", ANN, 0.4) - MARGIN, 3) == 0.6
    assert pace.wait("7:3", ANN, 1.0 + MARGIN) == 0
    assert round(pace.wait("7:4", ANN, 1.0) - MARGIN, 3) == 1


def test_a_pause_gives_the_burst_back() -> None:
    """After some quiet seconds a few messages may go at once again."""
    pace = Pace()
    waits(pace, ANN, 4)
    assert waits(pace, ANN, 3, now=20.0) == [0, 0, 0]


def test_pieces_count_one_each() -> None:
    """A message of several pieces takes as many turns."""
    pace = Pace()
    assert pace.wait("a", ANN, 0.0, cost=3) == 0
    assert round(pace.wait("b", ANN, 0.0, cost=2) - MARGIN, 3) == 2


def test_asked_to_wait_in_two_chats_means_the_account() -> None:
    """A flood error of one chat is that chat's; while it lasts, one of another chat is everybody's."""
    pace = Pace()
    assert not pace.hold(ANN, 5, 0.0)
    assert not pace.hold(ANN, 5, 1.0)
    assert pace.hold(TEAM, 1, 2.0)
    assert not pace.hold(8, 5, 10.0)


def test_idle_chats_are_forgotten() -> None:
    """However many people write, only those of the last seconds are remembered."""
    pace = Pace()
    for chat in range(1, 4 * TIDY_AT):
        pace.wait(str(chat), chat, float(chat))
    assert len(pace._due) <= TIDY_AT + 1
    assert len(pace._turns) == 0
