from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

import edtech_survey as es
from edtech_survey.data.districts import match_districts
from edtech_survey.data.schemas import dtypes
from edtech_survey.data.tables import (
    read_frame,
    read_functions,
    read_occupations,
    read_own_district,
    read_pairs,
    read_relation_file,
    read_relations,
    read_statements,
    read_structures,
    read_trends,
)
from edtech_survey.errors import SourceError
from edtech_survey.project import evidence
from edtech_survey.shape import figures as as_figures

RAW = Path(__file__).parents[2] / "data" / "raw"
PAIR = "p1,one_to_one,one_to_one,pk-2,share,2024,printed,us.a,printed,,,B,another year"
POSITIONS = pd.DataFrame({"position": ["coach", "technician"]})
FIGURES = as_figures(
    {"figure_id": name, "source": name[:2], "wave": wave, "item": item, "group": group,
     "statistic": "share", "note": note}
    for name, wave, item, group, note in (
        ("ct.a", 2024, "one_to_one", "pk-2", None),
        ("us.a", 2018, "post", "all", None),
        ("us.b", 2020, "post", "all", None),
        ("us.c", 2020, "post", "all", "in words; repeat of us.b"),
        ("us.none", 2020, "sharing", "none", None),
        ("us.some", 2020, "sharing", "some", None),
        ("wage", 2020, "occupation_wage", "support|schools", None),
    )
)  # fmt: skip


def given(raw):
    codebook = SimpleNamespace(positions=POSITIONS)
    return SimpleNamespace(printed=FIGURES, codebook=codebook, raw=raw)


def write(raw, name, *rows, table=""):
    path = raw / f"{name}.csv"
    path.parent.mkdir(exist_ok=True, parents=True)
    head = ",".join(dtypes(table or name))
    path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return path


def refused(read, *args, **options):
    with pytest.raises(SourceError) as error:
        read(*args, **options)
    return str(error.value)


def test_pairs_and_trends_have_their_types(tmp_path):
    alone = "p2,title,,,,,,us.b,printed,250,weighted,C,not asked"
    write(tmp_path, "codebook/pairs", PAIR, alone)
    table = read_pairs(given(tmp_path))
    assert table["wave"].tolist() == [2024, pd.NA]
    assert table["base_at_least"].tolist() == [pd.NA, 250]
    assert table["item"].isna().tolist() == [False, True]
    line = ("s,cyber,Posts,us.a,printed,,,,", "s,cyber,Posts,us.b,printed,501,,A,same question")
    write(tmp_path, "codebook/trends", *line)
    assert read_trends(given(tmp_path))["base_at_least"].tolist() == [pd.NA, 501]


def test_every_problem_of_the_pairs_is_told_with_its_row(tmp_path):
    rows = [
        PAIR,
        PAIR,
        PAIR.replace("p1", "p3").replace(",B,", ",D,"),
        PAIR.replace("p1", "p4").replace("us.a", "us.c"),
        PAIR.replace("p1", "p5").replace("us.a", "us.z"),
        PAIR.replace("p1", "p6").replace("pk-2", "pk-3"),
        PAIR.replace("p1", "p7").replace("another year", ""),
        PAIR.replace("p1", "p8").replace(",,,B", ",many,,B"),
        "p9,title,,,,,,us.b,printed,,,B,not asked",
    ]
    write(tmp_path, "codebook/pairs", *rows)
    told = refused(read_pairs, given(tmp_path))
    for text in (
        "8 cells cannot be taken",
        "row 3, column pair_id: 'p1' stands twice",
        "row 4, column comparability: 'D' is not one of A, B, C",
        "row 5, column figure_id: 'us.c' is no figure, or a second printing",
        "row 6, column figure_id: 'us.z' is no figure",
        "row 7, column item: 'one_to_one' and the three cells after it name no figure",
        "row 8, column reason: is empty",
        "row 9, column base_at_least: 'many' is no whole number",
        "row 10, column comparability: 'B' without an item of the series",
    ):
        assert text in told


def test_a_statement_names_a_figure_once_a_section_and_no_second_printing(tmp_path):
    rows = ("work,Posts,any,us.b,have one", "work,Posts,,us.b,again", "work,Posts,most,us.c,words")
    write(tmp_path, "codebook/statements", *rows)
    told = refused(read_statements, given(tmp_path))
    for part in ("row 3, column figure_id", "row 4, column figure_id", "second printing",
                 "row 4, column parts"):  # fmt: skip
        assert part in told
    write(tmp_path, "codebook/statements", rows[0])
    assert read_statements(given(tmp_path))["parts"].tolist() == ["any"]


def test_every_problem_of_the_trends_is_told_with_its_row(tmp_path):
    rows = [
        f"{line},cyber,Posts,{figure},printed,,,{rest}"
        for line, figure, rest in (
            ("back", "us.b", ","), ("back", "us.a", "A,same"), ("alone", "us.a", ","),
            ("bare", "us.a", ","), ("bare", "us.b", ","), ("back", "ct.a", ","),
        )
    ]  # fmt: skip
    write(tmp_path, "codebook/trends", *rows)
    told = refused(read_trends, given(tmp_path))
    for text in (
        "row 3, column figure_id: 'us.a' is earlier than the row before it",
        "row 4, column series: 'alone' has one figure",
        "row 6, column comparability: is empty",
        "row 7, column series: 'back' its rows stand apart",
    ):
        assert text in told


def test_functions_and_occupations_name_positions_and_wages(tmp_path):
    rows = ["a,A,x,y,s,coach", "b,B,x,y,,coach|plumber"]
    write(tmp_path, "edtech/functions", *rows, table="functions")
    told = refused(read_functions, given(tmp_path))
    assert "row 3, column positions: 'plumber' is no position of the codebook" in told
    good = "technician,support,S,B,close"
    write(tmp_path, "codebook/occupations", good)
    assert len(read_occupations(given(tmp_path))) == 1
    rows = [good, good, "plumber,support,S,B,x", "coach,leader,L,B,x"]
    write(tmp_path, "codebook/occupations", *rows)
    told = refused(read_occupations, given(tmp_path))
    for text in (
        "row 3, column occupation: 'support' stands twice",
        "row 4, column position: 'plumber' is no position of the codebook",
        "row 5, column occupation: 'leader' has no figure occupation_wage",
    ):
        assert text in told


def test_structures(tmp_path):
    name = "some-departments/structures"
    good = "a,A,WI,1700,1700,around 1700,Director,coach,1,,yes,Board,,,,"
    write(tmp_path, name, good, "b,B,OH,,900,<900,Helper,,,0.5,yes,,,,,", table="structures")
    table = read_structures(given(tmp_path))
    assert table["students_low"].tolist() == [1700, pd.NA]
    assert table["position"].isna().tolist() == [False, True]
    assert table["source"].tolist() == ["some-departments"] * 2
    rows = [
        good,
        "a,A,WI,1700,1700,around 1700,Director,plumber,many,,maybe,,,,,",
        "b,B,OH,1000,900,900-1000,Helper,,-1,,no,,,,,",
        "c,C,VA,10,10,10,Coach,,1,,no,,,,,",
        "c,C,VA,20,20,20,Chief,,1,,yes,,,,,",
    ]
    write(tmp_path, name, *rows, table="structures")
    told = refused(read_structures, given(tmp_path))
    for text in (
        "row 3, column position: 'plumber' is no position",
        "row 3, column role: 'Director' stands twice",
        "row 3, column head_count: 'many' is no number",
        "row 4, column students_low: '1000' above the upper",
        "row 4, column head_count: '-1' is not in 0 to any",
        "row 5, column district_id: 'c' has rows that differ",
    ):
        assert text in told


def relations(tmp_path, *rows):
    path = write(tmp_path, "us/relations", *rows, table="relations")
    return read_relation_file(path, FIGURES)


def test_a_selector_finds_the_figures_of_its_source_that_repeat_no_other(tmp_path):
    told = relations(
        tmp_path,
        "us.q,parts,,item=sharing&statistic=share,,62,must,a note",
        "us.r,sum,us.a,item=post;ct.a,,,should,",
        "us.s,sum,us.a,group=s*;ct.a,,,must,",
    )
    assert told["parts"].tolist() == ["us.none;us.some", "us.a;us.b;ct.a", "us.some;ct.a"]
    assert (told["source"][0], told["base"][0]) == ("us", 62)
    assert pd.isna(told["result"][0])


def test_every_problem_of_the_relations_is_told_with_its_row(tmp_path):
    rows = [
        "us.q,sums,us.a,us.a;us.gone,,,must,",
        "Us B,parts,,item=nothing,,many,perhaps,",
        "us.r,quotient,us.a,us.a,,,must,",
        "us.s,sum,,us.a;ct.a,ct.a,5,must,",
        "us.s,one_unit,us.a,us.a;ct.a,,,must,",
        "us.t,parts,,colour=red,,,must,",
    ]
    told = refused(relations, tmp_path, *rows)
    for text in (
        "row 2, column kind: 'sums' is no kind of relation",
        "row 2, column parts: 'us.gone' is no figure",
        "row 3, column relation_id: 'Us B' does not fit",
        "row 3, column parts: 'item=nothing' is no figure",
        "row 3, column parts: 'item=nothing' are not as many figures as parts needs",
        "row 4, column over: quotient needs a divisor",
        "row 5, column result: is empty, but sum needs it",
        "row 5, column over: 'ct.a' is not used by sum",
        "row 6, column parts: 'us.a;ct.a' are not as many figures as one_unit needs",
        "row 6, column relation_id: 'us.s' stands twice",
        "row 7, column parts: 'colour=red' is no figure",
    ):
        assert text in told


def test_relations_of_a_table_that_stands_alone_may_name_figures_of_others(tmp_path):
    row = "us.s,sum,us.a,us.b;gone.a,,,must,"
    path = write(tmp_path, "us/relations", row, table="relations")
    assert read_relation_file(path, FIGURES, alone=True)["parts"].tolist() == ["us.b;gone.a"]


def test_relations_of_all_folders(tmp_path):
    assert read_relations(given(tmp_path)).empty
    for name in ("us", "ct"):
        write(tmp_path, f"{name}/relations", "x.a,order,,us.a;ct.a,,,must,", table="relations")
    told = refused(read_relations, given(tmp_path))
    assert "relation_id 'x.a' is another source's, too" in told


def own(tmp_path, *rows):
    return read_own_district(write(tmp_path, "own", *rows, table="own district"), given(tmp_path))


def test_own_numbers_as_people_write_them(tmp_path):
    rows = ["enrollment,,2100", 'devices,all,"3,288"', 'position_salary,coach,"$98,500"']
    told = own(tmp_path, *rows, "position_fte,technician,2.5")
    assert told["value"].tolist() == [2100, 3288, 98_500, 2.5]
    assert told["group"].tolist() == ["all", "all", "coach", "technician"]


def test_every_problem_of_own_numbers_is_told_with_its_row(tmp_path):
    rows = ["devices,,many", "devices,all,3000", "budget,,5", "position_fte,plumber,1",
            "support_staff,coach,2", "position_salary,coach,$58/hr"]  # fmt: skip
    told = refused(own, tmp_path, *rows)
    for text in (
        "own.csv, row 2, column value: 'many' does not fit. A plain number",
        "own.csv, row 3, column group: 'all' item and group stand twice",
        "own.csv, row 4, column item: 'budget' is not one of enrollment",
        "own.csv, row 5, column group: 'plumber' is no position",
        "own.csv, row 6, column group: 'coach' stands beside a number of the district",
        "own.csv, row 7, column value: '$58/hr'",
    ):
        assert text in told


@pytest.mark.parametrize("value", ["", "1,00", "12e3", "1:1", "-5", "=1+1", "٣", "nan", "1 200"])
def test_what_is_no_plain_number_is_refused(tmp_path, value):
    with pytest.raises(SourceError, match="row 2, column value"):
        own(tmp_path, f'enrollment,,"{value}"')


def test_a_missing_file_or_column_is_said(tmp_path):
    with pytest.raises(SourceError, match=r"nowhere\.csv is missing"):
        read_own_district("nowhere.csv", given(tmp_path))
    with pytest.raises(SourceError, match="'force' is missing"):
        read_relation_file(write(tmp_path, "us/relations", table="own district"), FIGURES)


def test_the_parts_of_a_whole_add_up_to_it():
    found = evidence()
    said = found.statements.merge(found.figures, on="figure_id")
    assert len(said) == len(found.statements)
    whole = said.groupby(["section", "question", "parts"])["value"].sum().reset_index()
    for parts, low, high in (("all", 98.9, 100.2), ("some", 40, 97.1)):
        assert whole.loc[whole["parts"] == parts, "value"].between(low, high).all()


def test_the_projects_own_tables_are_fit():
    found = evidence()
    assert {"one_to_one", "leader_title", "salary", "budget_outlook"} <= set(found.pairs["topic"])
    # 2013 asks which title describes the leader, 2014 whether the title is used.
    title = found.trends[found.trends["series"] == "cosn-title-cto-cio"]
    assert title["comparability"].tolist()[1:] == ["C"]
    assert len(found.functions) == 6
    assert {"technician_1", "technician_2", "technician_3"} <= set(found.occupations["position"])
    assert found.structures["district_id"].nunique() == 9
    small = found.structures[found.structures["district_id"] == "oh-patrick-henry"]
    assert set(small["students_high"]) == {900}
    assert len(found.relations) > 90
    assert set(found.structures["source"]) == {"department-structures-2018"}
    # Each row tells figures that exist, and its people are the number that was transcribed.
    printed = found.printed.set_index("figure_id")
    told = found.structures["figures"].str.split()
    assert set(told.explode()) <= set(printed.index)
    people = found.structures["head_count"].fillna(found.structures["fte"])
    stated = printed.loc[told.str[0], "value"].set_axis(people.index)
    own = people[stated.notna()]
    assert own.astype(float).tolist() == stated.dropna().astype(float).tolist()
    # Of the post that a leader "made", the source does not say whom it answers to.
    lines = found.structures[found.structures["reports_to"].notna()]
    assert set(lines["district_id"]) == {
        "va-arlington", "oh-patrick-henry", "co-harrison", "mo-francis-howell",
    }  # fmt: skip


def test_the_frame_is_the_list_of_all_districts_and_each_is_known():
    """Checks of the source: printed total, starred rows, the named, and classes of size."""
    found = evidence()
    frame = found.frame
    assert (len(frame), int(frame["enrollment"].sum()), int(frame["enrollment"].isna().sum())) == (
        200, 508_351, 2,
    )  # fmt: skip
    named = frame[frame["answered"]]
    listed = found.own.loc[found.own["item"].eq("respondent_listed"), "group"]
    assert set(named["district_id"]) == set(listed)
    assert (len(named), int(named["enrollment"].sum())) == (61, 194_408)
    edges = [0, 500, 1000, 2500, 5000, 10_000, 30_000]
    for rows, sizes in ((named, [6, 5, 21, 17, 9, 3]), (frame, [54, 28, 53, 36, 18, 9])):
        cut = pd.cut(rows["enrollment"].dropna().astype(int), edges, right=False)
        assert cut.value_counts(sort=False).tolist() == sizes
    basis = frame["reference_basis"].value_counts().to_dict()
    assert basis == {"source": 148, "member towns": 12}  # each town, and regions of one letter


def test_each_unit_is_found_by_its_name_and_its_code_and_is_of_the_kind_of_the_directory(book):
    listed = pd.read_csv(RAW / "ct-frame-2024" / "units.csv", dtype="str", keep_default_na=False)
    found = match_districts(listed["name"], book)["district_id"]
    assert (len(listed), found.notna().sum(), found.nunique()) == (200, 200, 200)
    coded = listed["code"].ne("")  # the list prints none for one agency
    assert listed.loc[~coded, "name"].str.contains("Mental Health").tolist() == [True]
    assert match_districts(listed.loc[coded, "code"], book)["district_id"].equals(found[coded])
    kinds = book.districts.set_index("district_id")["kind"]
    assert found.map(kinds).tolist() == listed["kind"].tolist()
    spelled = book.districts.assign(text=book.districts["name"] + "|" + book.districts["aliases"])
    spelled = spelled.assign(text=spelled["text"].str.lower().str.split("|")).explode("text")
    spelled = spelled[spelled["text"].ne("")]
    assert spelled.groupby("text")["district_id"].nunique().max() == 1
    by_code = dict(zip(listed["code"], found, strict=True))
    assert [by_code[code] for code in ("2650013", "2800013", "2310018", "1450011")] == [
        "ct-interdistrict-school-for-arts-and-communication", "ct-new-beginnings-family-academy",
        "ct-goodwin-university", "ct-union",
    ]  # fmt: skip


def test_counts_of_the_lists_add_up_and_are_the_populations_and_the_list_itself(published):
    """The total that is printed, the sum of the rows, and what others printed are three paths."""
    rows = published.printed[published.printed["source"].eq("ct-frame-counts")]
    told = rows.pivot_table(index="wave", columns=["item", "group", "statistic"], values="value")
    units, students = told["listed_units"].droplevel(1, axis=1), told["listed_students"]
    totals = students.xs("total", axis=1, level=1)
    assert (totals["all"] - totals["counted"]).equals(totals["starred"])
    assert totals.loc[2024].to_dict() == {"all": 508_402, "counted": 508_351, "starred": 51}
    assert (units["counted"] + units["starred"]).equals(units["all"])
    classes = ["under-500", "500-999", "1000-2499", "2500-4999", "5000-9999", "10000-plus"]
    assert units[classes].sum(axis=1).equals(units["counted"])
    assert (units["under-500"] + units["500-999"]).equals(units["under-1000"])
    assert (totals["starred"] < 1000 * units["starred"]).eq(units["starred"].gt(0)).all()
    # The list of the survey's year, counted again.
    size = published.frame["enrollment"].dropna().astype(float)
    assert units.loc[2024, ["all", "counted"]].tolist() == [len(published.frame), len(size)]
    assert (size.sum(), size.median()) == (508_351, students.loc[2024, ("counted", "median")])
    edges = [0, 500, 1000, 2500, 5000, 10_000, 30_000]
    counts = pd.cut(size, edges, right=False).value_counts(sort=False)
    assert counts.tolist() == units.loc[2024, classes].tolist()
    # A survey's population is the list of the school year it fell in: 2016-17 or 2017-18 have one.
    years = {2017: (2016, 2017), 2020: (2019,), 2021: (2020,), 2024: (2024,)}
    listed = {wave: {*units.loc[list(of), "all"]} for wave, of in years.items()}
    assert {wave: {size} for wave, size in published.series.population.items()} == listed
    own = published.sources[published.sources["source"].str.fullmatch(r"ct-\d{4}")]
    assert {row.wave: {row.population} for row in own.itertuples()} == listed
    # The same October counts, as the press and a town printed them.
    other = es.pick(published.elsewhere, "enrollment_state", "total")
    other = other[other["publication"].isin(["bristol-enrollment", "edtribune-ct"])]
    other = other[other["wave"].isin(totals.index)].set_index("wave")["value"]
    assert other.index.tolist() == [2019, 2020, 2025]
    assert (other - totals["all"]).abs().loc[other.index].tolist() == [0, 0, 4]


def test_the_list_of_another_year_or_series_is_data_alone(few_sources, tmp_path):
    raw = few_sources(tmp_path)
    assert len(evidence(raw=raw).frame) == 0
    (raw / "vt-list").mkdir()
    rows = "01,Elko County,county,9000,yes,,,,,,,,", "02,Storey,county,,,,,,,,,,"
    write(raw, "vt-list/units", *rows, table="units")
    about = "id: vt-list\ntitle: t\npublisher: p\nkind: frame\ncitation: c\nsynthetic: false\n"
    (raw / "vt-list" / "source.yaml").write_text(about + "series: vt\nwave: '2026'\n")
    (raw / "codebook" / "districts-vt.csv").write_text(
        "district_id,name,kind,aliases\nvt-elko,Elko,county,Elko County\nvt-storey,Storey,county,\n"
    )
    with (raw / "codebook" / "series.csv").open("a") as file:
        file.write("vt,Vermont,district,districts,P,2026=17,districts-vt.csv,vermont|vt\n")
    figures = (raw / "ct-2020" / "figures.csv").read_text("utf-8").splitlines()[:2]
    (raw / "vt-list" / "figures.csv").write_text("\n".join(figures).replace("ct-2020", "vt-list"))
    other = evidence("published", series="vt", raw=raw)
    assert other.frame[["wave", "district_id", "answered"]].values.tolist() == [
        [2026, "vt-elko", True], [2026, "vt-storey", False],
    ]  # fmt: skip
    least = "name,kind,enrollment\nElko,county,9000\nStorey,county,\n"
    (raw / "vt-list" / "units.csv").write_text(least)  # what only another state has may be missing
    told = read_frame(other)
    assert told[["district_id", "answered"]].values.tolist() == [
        ["vt-elko", False],
        ["vt-storey", False],
    ]
    assert told["latitude"].isna().all()
    (raw / "vt-list" / "units.csv").write_text(least.replace("Storey", "Atlantis"))
    assert "row 3, column name: 'Atlantis' leads to no district" in refused(read_frame, other)
