"""The matcher: which stages hit, with which keys and facts; the index changes nothing."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from flowtrap.match import matcher as module
from flowtrap.match.condition import compile_condition
from flowtrap.match.matcher import Matcher
from flowtrap.model.detection import Stage
from flowtrap.model.event import Event
from flowtrap.model.tunable import Tunables

NONE = Tunables({}, now_ms=0)
ANY = ["exists", "eventName", True]


def stage(
    condition: Any, keys: Any = None, facts: Any = None, feed: str = "aws_cloudtrail"
) -> Stage:
    return Stage("s", feed, condition, keys or {"account": "account"}, facts or {})


def event(name: str | None, feed: str = "aws_cloudtrail", **fields: Any) -> Event:
    fields.setdefault("account", "123456789012")
    record = {} if name is None else {"eventName": name, "eventSource": "lambda.amazonaws.com"}
    return Event(feed, "e1", 1000, fields, record)


def named(*names: str) -> list[Any]:
    return [
        "and",
        ["in", "eventSource", ["lambda.amazonaws.com"]],
        ["in", "eventName", list(names)],
    ]


def values(found: list[Any]) -> list[Any]:
    return [hit.values for _, hit in found]


def test_hit_has_what_the_event_says() -> None:
    one = stage(
        named("invoke"), {"account": "account"}, {"who": "actor", "kinds": "change", "no": "no"}
    )
    e = event("Invoke", actor="eve", action="Invoke", summary="Invoke f", change=("code", "role"))
    ((number, hit),) = Matcher([one], NONE).hits(e)
    assert number == 0
    assert hit[:6] == (1000, "e1", "aws_cloudtrail", "Invoke", "eve", "Invoke f")
    assert hit.values == {"account": "123456789012", "who": "eve", "kinds": ("code", "role")}
    assert list(hit.values) == ["account", "who", "kinds"]


def test_every_matching_stage_hits_in_order() -> None:
    stages = [
        stage(named("invoke")),
        stage(named("other")),
        stage(ANY),
        stage(named("invoke", "x")),
    ]
    assert [n for n, _ in Matcher(stages, NONE).hits(event("Invoke"))] == [0, 2, 3]


def test_other_feed_is_not_tested() -> None:
    assert Matcher([stage(ANY)], NONE).hits(event("Invoke", feed="gcp_audit")) == []


def test_missing_key_is_no_hit_and_is_counted() -> None:
    matcher = Matcher([stage(ANY, {"role": "role"})], NONE)
    assert matcher.hits(event("Invoke")) == []
    assert matcher.no_key == 1


def test_missing_key_of_an_event_that_does_not_match_is_not_counted() -> None:
    matcher = Matcher([stage(named("invoke"), {"role": "role"})], NONE)
    matcher.hits(event("ListFunctions"))
    assert matcher.no_key == 0


def test_many_valued_keys_give_every_combination_once() -> None:
    one = stage(ANY, {"function": "function", "layer": "layers"})
    found = Matcher([one], NONE).hits(event("x", function=("f", "g", "f"), layers=("1", "2")))
    assert values(found) == [
        {"function": "f", "layer": "1"},
        {"function": "f", "layer": "2"},
        {"function": "g", "layer": "1"},
        {"function": "g", "layer": "2"},
    ]


def test_combinations_end_at_64_and_are_counted() -> None:
    many = tuple(str(n) for n in range(8))
    matcher = Matcher([stage(ANY, {"a": "a", "b": "b"})], NONE)
    assert len(matcher.hits(event("x", a=many, b=many))) == 64
    assert matcher.capped == 0
    assert len(matcher.hits(event("x", a=many, b=(*many, "9")))) == 64
    assert matcher.capped == 1


def test_native_key_and_number_become_text() -> None:
    e = Event("aws_cloudtrail", "e", 0, {}, {"eventName": "x", "r": {"port": 22, "on": True}})
    one = stage(ANY, {"port": "r.port"}, {"on": "r.on"})
    assert values(Matcher([one], NONE).hits(e)) == [{"port": "22", "on": "true"}]


def test_index_is_by_the_name_and_tests_few_stages(monkeypatch: Any) -> None:
    tested: list[int] = []

    def counted(ast: Any, tunables: Tunables) -> Any:
        test = compile_condition(ast, tunables)
        return lambda e: tested.append(1) or test(e)

    monkeypatch.setattr(module, "compile_condition", counted)
    stages = [stage(named(f"op{n}")) for n in range(40)]
    assert len(Matcher(stages, NONE).hits(event("op7"))) == 1
    assert len(tested) == 1


def test_index_is_by_the_source_too_where_most_stages_need_it() -> None:
    iam = ["and", ["in", "eventSource", ["iam.amazonaws.com"]], ["in", "eventName", ["a", "b"]]]
    matcher = Matcher([stage(named("a", "b")), stage(iam), stage(named("c"))], NONE)
    e = Event("aws_cloudtrail", "e", 0, {}, {"eventName": "a", "eventSource": "iam.amazonaws.com"})
    assert [n for n, _ in matcher._feeds["aws_cloudtrail"].candidates(e)] == [1]


def test_name_cache_is_bounded(monkeypatch: Any) -> None:
    monkeypatch.setattr(module, "NAMES_KEPT", 3)
    matcher = Matcher([stage(named("invoke"))], NONE)
    for n in range(10):
        matcher.hits(event(f"op{n}"))
        matcher.possible("aws_cloudtrail", {"eventName": f"op{n}"})
    index = matcher._feeds["aws_cloudtrail"]
    assert len(index._by_values) <= 3
    assert len(index._by_names) <= 3
    assert len(matcher.hits(event("Invoke"))) == 1


def test_possible_names_stages() -> None:
    matcher = Matcher([stage(named("invoke")), stage(named("other")), stage(ANY)], NONE)
    assert matcher.possible("aws_cloudtrail", {"eventName": "INVOKE"}) == (0, 2)
    assert matcher.possible("aws_cloudtrail", {"eventName": "nothing"}) == (2,)
    assert matcher.possible("aws_vpcflow", {"eventName": "Invoke"}) == ()


def test_stages_without_a_common_field_are_all_tested() -> None:
    flow = stage(["cidr", "dst", "8.0.0.0/8"], {"eni": "eni"}, feed="aws_vpcflow")
    e = event(None, feed="aws_vpcflow", dst="8.8.4.4", eni="eni-1")
    assert len(Matcher([flow], NONE).hits(e)) == 1


def test_no_stages_no_hits() -> None:
    assert Matcher([], NONE).hits(event("Invoke")) == []


LEAVES = st.one_of(
    st.tuples(st.just("in"), st.sampled_from(["eventName", "account"]), st.just(["a", "b"])),
    st.tuples(st.just("re"), st.just("eventName"), st.sampled_from(["^a", "B"]), st.just("")),
    st.tuples(st.just("null"), st.sampled_from(["eventName", "actor"])),
    st.tuples(st.just("exists"), st.sampled_from(["eventName", "actor"]), st.booleans()),
).map(list)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda p: ["and", *p]),
        st.lists(inner, min_size=1, max_size=3).map(lambda p: ["or", *p]),
        inner.map(lambda p: ["not", p]),
    ),
    max_leaves=5,
)
NATIVE = st.sampled_from(["a", "A", "aB", "b", "", None, ["a", "b"], {"x": 1}, 3])


@given(st.lists(TREES, min_size=1, max_size=6), st.lists(NATIVE, max_size=4), st.booleans())
def test_index_finds_what_testing_every_stage_finds(trees: Any, names: Any, actor: bool) -> None:
    matcher = Matcher([stage(tree) for tree in trees], NONE)
    for name in names:
        fields = {"account": "a", **({"actor": "x"} if actor else {})}
        e = Event("aws_cloudtrail", "e", 0, fields, {"eventName": name})
        every = [n for n, tree in enumerate(trees) if compile_condition(tree, NONE)(e)]
        assert [n for n, _ in matcher.hits(e)] == every
