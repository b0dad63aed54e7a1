from types import SimpleNamespace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edtech_survey.data.codebook import read_changes, read_codebook, read_directory, read_matches
from edtech_survey.data.districts import (
    identify,
    match_districts,
    name_key,
    part_keys,
    review_table,
    succeed,
)
from edtech_survey.data.schemas import plain_name
from edtech_survey.errors import WaveError
from edtech_survey.places import raw_dir

DIRECTORY = raw_dir() / "codebook" / "districts.csv"

# The districts that the 2024 report lists as its respondents (page 2).
LISTED = """Ansonia ACES Avon Barkhamsted Berlin Bethel Branford Bristol Brookfield Clinton
Colchester CTECS Cromwell Darien East_Hampton East_Hartford Eastford EdAdvance Ellington Farmington
Glastonbury Integrated_Day Killingly Lebanon Madison Manchester Meriden Middletown Milford
Montville New_Britain New_Canaan New_Fairfield New_Milford North_Branford North_Haven Norwich
Oxford Plainville Plymouth Regional_01 Regional_08 Regional_09 Regional_13 Regional_15 Regional_16
Regional_17 Rocky_Hill Somers Southington Stamford Sterling Suffield Thompson Trumbull Wallingford
Watertown Westbrook Winchester Windham Windsor_Locks""".replace("\n", " ").split()


@pytest.fixture(scope="module")
def connecticut():
    return read_directory(DIRECTORY)


def book_of(directory, place="connecticut|conn|ct"):
    return SimpleNamespace(districts=directory, place=place)


def one(name, directory, matches=None):
    found = match_districts(pd.Series([name], dtype="str"), book_of(directory), matches)
    district = found["district_id"].iloc[0]
    return None if pd.isna(district) else district


def test_directory_has_towns_regions_centers_schools(connecticut):
    kinds = connecticut["kind"].value_counts()
    assert kinds["town"] == 169
    assert kinds["service_center"] == 6
    assert kinds["charter"] > 20
    regional = set(connecticut.loc[connecticut["kind"].eq("regional"), "district_id"])
    assert regional == {f"ct-regional-{n:02d}" for n in (1, *range(4, 21))}


def test_directory_has_every_listed_respondent(connecticut):
    assert len(LISTED) == 61  # the report says 62 and names 61
    wanted = [f"ct-{name.lower().replace('_', '-')}" for name in LISTED]
    assert set(wanted) <= set(connecticut["district_id"])
    named = [one(name.replace("_", " "), connecticut) for name in LISTED]
    assert named == wanted


@pytest.mark.parametrize(
    "name",
    ["Regional 01", "Regional School District No. 1", "RSD #1", "Region 1", "RSD-01", "rsd1",
     "Region One School District", "Reg. Dist. #1", "REGIONAL  SCHOOL DISTRICT 1",
     "Regional High School District Number 1", "Housatonic Valley Regional"],
)  # fmt: skip
def test_every_spelling_of_region_one(connecticut, name):
    assert one(name, connecticut) == "ct-regional-01"


@pytest.mark.parametrize(
    ("name", "district"),
    [
        ("ACES", "ct-aces"),
        ("Area Cooperative Educational Services (ACES)", "ct-aces"),
        ("Winchester Public Schools", "ct-winchester"),
        ("East Hampton Board of Education", "ct-east-hampton"),
        ("ct-avon", "ct-avon"),
        (" STAMFORD\u00a0 Public\nSchools ", "ct-stamford"),
        ("Amity Regional School District No. 5", "ct-regional-05"),
        ("Regional School District 15 (Middlebury-Southbury)", "ct-regional-15"),
        ("USD #2", "ct-usd-2"),
        ("Berlin Pub. Schools", "ct-berlin"),
        ("Bethel (BPS)", "ct-bethel"),
        ("Capitol Region Education Counc", "ct-crec"),  # cut off by the form
        ("N. Branford", "ct-north-branford"),
        ("No. Stonington", "ct-north-stonington"),
        ("E. Windsor", "ct-east-windsor"),
        ("W. Hartford", "ct-west-hartford"),
        ("E. O. Smith", "ct-regional-19"),
        ("So Windsor", "ct-south-windsor"),
        ("Avon Sch. Dist. (CT)", "ct-avon"),
        ("Naugatuck Boro", "ct-naugatuck"),
        ("U.S.D. #2", "ct-usd-2"),
        ("Easton & Redding", "ct-regional-09"),
        ("Old Saybrook Board of Educatio", "ct-old-saybrook"),  # cut off by the form
        ("West Hartford Public School Di", "ct-west-hartford"),
        *((code, "ct-avon") for code in ("0040011", "40011", "4 0011", "CT-0040011", "40011.0")),
    ],
)
def test_names_that_are_beyond_doubt(connecticut, name, district):
    assert one(name, connecticut) == district


@pytest.mark.parametrize(
    "name",
    ["Noriwch", "Ea. Hampton", "Hamptons", "Region 21", "Regional 08 and 09", "North Hampton",
     "Regional School District 15 (Hampton)", "Public Schools", "Board of Education", "Winchster",
     "Stamford Charter", "Manchester, NH", "Avon, SD", "Litchfield County", "Union City", "0040012",
     "Avon (MA)", "12", "-", "=1+1", "N. Haven", "N Canaan", "N.", "E. Avon", "No. 5"],
)  # fmt: skip
def test_near_misses_are_not_taken(connecticut, name):
    assert one(name, connecticut) is None


ELSEWHERE = pd.DataFrame(
    [
        ("vernon-1", "Mount Vernon", "township", "", "0101"),
        ("vernon-2", "Mount Vernon", "city", "", "0102"),
        ("austin", "Austin ISD", "", "", "227901"),
        ("elko", "Elko", "county", "", "04"),
        ("paul", "Saint Paul", "", "", "0625"),
        ("washington", "Washington Township", "township", "", ""),
        ("salem", "Salem Community Consolidated School District 111", "", "", ""),
    ],
    columns=["district_id", "name", "kind", "aliases", "code"],
    dtype="str",
)


@pytest.mark.parametrize(
    ("name", "district"),
    [
        ("Austin Independent School District", "austin"),
        ("AUSTIN", "austin"),
        ("Austin Community", None),
        ("ELKO CO. SCH. DIST.", "elko"),
        ("Elko, CO", None),
        ("St Paul Pub. Schools", "paul"),
        ("Washington Twp", "washington"),
        ("Washington Boro", None),
        ("Salem CCSD 111", "salem"),
        ("Salem CCSD 112", None),
        ("Mt. Vernon", None),
        ("NJ-0101", "vernon-1"),
        ("4", "elko"),
    ],
)
def test_forms_of_districts_and_codes_of_any_place(name, district):
    book = book_of(ELSEWHERE, "new jersey|nj")
    found = match_districts(pd.Series([name]), book)["district_id"][0]
    assert (None if pd.isna(found) else found) == district


def test_a_name_of_two_districts_lists_both():
    near = review_table(pd.Series(["Mt. Vernon"]), book_of(ELSEWHERE))["district_id"]
    assert near.tolist()[:2] == ["vernon-1", "vernon-2"]


def test_a_number_that_a_form_may_have_cut_is_not_taken(connecticut):
    """Thirty letters hold Regional School District No. 1 whole, and nine others but a digit."""
    names = ["Regional School District No. 1", "Capitol Region Education Counc"]
    assert one(names[0], connecticut) == "ct-regional-01"
    both = match_districts(pd.Series(names), book_of(connecticut))["district_id"]
    assert pd.isna(both[0])
    assert both[1] == "ct-crec"


@pytest.mark.parametrize("name", ["Test District - please ignore", "asdf", "xxx", "TEST",
                                  "Joe's test"])  # fmt: skip
def test_who_tries_the_survey_out_is_no_district(name):
    named = identify(pd.Series([name]), read_codebook(), source="s", wave=2024)
    assert named["how"].tolist() == ["test"]


def test_near_misses_are_suggested_best_first(connecticut):
    """On the right side of the compass; N. may be New, and another number is no near miss."""
    asked = ["Noriwch", "N. Brandford", "W. Hartfrod", "N. Milford", "Zzyzx", "Region 21"]
    table = review_table(pd.Series(asked), book_of(connecticut))
    first = table.drop_duplicates("name").set_index("name")
    near = ["ct-norwich", "ct-north-branford", "ct-west-hartford", "ct-new-milford"]
    assert first["district_id"].tolist()[:4] == near
    assert pd.isna(first.loc["Zzyzx", "district_id"])
    assert not table.loc[table["name"].eq("Region 21"), "candidate"].str.contains(r"\d").any()


def test_what_a_person_decided_comes_first(connecticut):
    decided = pd.DataFrame({"name": ["Our town", "Vendor Inc"], "district_id": ["ct-avon", ""]})
    assert one("our  TOWN", connecticut, decided) == "ct-avon"
    found = match_districts(pd.Series(["Vendor Inc"]), book_of(connecticut), decided)
    assert found["how"].tolist() == ["not_a_district"]


def test_one_name_of_two_districts_is_ambiguous():
    book = pd.DataFrame(
        {"district_id": ["a", "b"], "name": ["Union", "Union"], "kind": "x", "aliases": ""},
        dtype="str",
    )
    found = match_districts(pd.Series(["Union", "b"]), book_of(book))
    assert found["how"].tolist() == ["ambiguous", "id"]
    assert found["district_id"].tolist()[1] == "b"


@given(st.text(max_size=40))
def test_keys_are_stable_for_any_text(text):
    key = name_key(text)
    assert name_key(key) == key or not key
    assert all(part_keys(text)) or part_keys(text) == []


@given(st.lists(st.text(max_size=12), max_size=8))
def test_plain_names_keep_index_and_ignore_case_and_spaces(texts):
    names = pd.Series(texts, dtype="str", index=range(5, 5 + len(texts)))
    plain = plain_name(names)
    assert plain.index.equals(names.index)
    assert plain.tolist() == plain_name("  " + names + " ").tolist()


def test_directory_says_all_its_problems(tmp_path):
    path = tmp_path / "districts.csv"
    path.write_text(
        "district_id,name,kind,aliases\nA B,One,town,\nb,Two,town,Twin\nb,Three,town,\nc,,town,\n"
    )
    with pytest.raises(WaveError) as caught:
        read_directory(path)
    told = str(caught.value)
    assert "row 2, column district_id: 'A B' does not fit. Its id: small letters" in told
    assert "'b' stands twice" in told
    assert "row 5, column name: is empty" in told
    path.write_text("district_id,name,kind,aliases\nb,Two,town,Twin|Deux\nc,Twin,town,\n")
    with pytest.raises(WaveError, match=r"row 2, .*'Twin' stands for more than one district_id"):
        read_directory(path)


def test_merged_districts_answer_as_their_successor(connecticut):
    changes = read_changes(DIRECTORY, connecticut)
    ids = pd.Series(["ct-litchfield", "ct-regional-06", "ct-avon", None], dtype="str")
    assert succeed(ids, 2021, changes).tolist()[:3] == ids.tolist()[:3]
    after = succeed(ids, 2024, changes)
    assert after.tolist()[:3] == ["ct-regional-20", "ct-regional-20", "ct-avon"]
    assert after.isna().tolist() == [False, False, False, True]


def test_changes_and_matches_must_name_known_districts(tmp_path, connecticut):
    changes = tmp_path / "x-changes.csv"
    changes.write_text("district_id,wave_from,becomes,note\nct-avon,20x4,ct-nowhere,\n")
    with pytest.raises(WaveError) as caught:
        read_changes(tmp_path / "x.csv", connecticut)
    assert "'ct-nowhere' is not in the directory" in str(caught.value)
    assert "row 2, column wave_from: '20x4' is no whole number" in str(caught.value)
    matches = tmp_path / "matches.csv"
    matches.write_text("name,district_id\nAvn,ct-avn\navn,ct-avon\n")
    with pytest.raises(
        WaveError, match="row 2, column district_id: 'ct-avn' is not in the directory"
    ):
        read_matches(matches, connecticut)
