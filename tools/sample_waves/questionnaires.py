"""The four questionnaires: what was asked in each year, in which words, by which tool."""

from __future__ import annotations

from collections.abc import Mapping

from tools.sample_waves.questions import (
    Head,
    Question,
    benefits,
    boxes,
    chosen,
    counted,
    employed,
    named,
    other_title,
    outsourced,
    paid,
    ratios,
    remarks,
    supported_by,
    ticked,
)

TITLES: Mapping[str, str] = {
    "technology_director": "Technology Manager or Director",
    "assistant_technology_director": "Assistant Technology Manager or Director",
    "cyber_security": "Cyber Security Manager or Specialist",
    "network_engineer": "Network Engineer or Manager",
    "technician_1": "Technician I",
    "technician_2": "Technician II",
    "technician_3": "Technician III",
    "telecommunications": "Telecommunications Specialist",
    "assistive_technology": "Assistive Technology Specialist",
    "library_media_director": "Library Media Director",
    "library_media_specialist": "Library Media Specialist",
    "integration_director": "Technology Integration Manager or Director",
    "integration_specialist": "Technology Integration Specialist",
    "technology_resource_teacher": "Technology Resource Teacher",
    "administrative_assistant": "Administrative Assistant",
    "av_coordinator": "Audio/Visual – Digital Media Coordinator",
    "av_technician": "Audio/Visual – Digital Media Technician",
    "data_specialist": "Data Specialist or Manager",
}
TITLES_2017 = {
    "technology_director": "Technology Director",
    "assistant_technology_director": "Assistant Technology Director",
    "network_engineer": "Network Administrator",
    "technician_1": "Level 1 Technician",
    "technician_2": "Level 2 Technician",
    "technician_3": "Level 3 Technician",
    "library_media_specialist": "Library Media Specialist",
    "av_technician": "Audio/Visual – Digital Media Technician",
    "data_specialist": "Data Manager",
}
TITLES_2020 = {
    "technology_director": "Director of Technology",
    "network_engineer": "Network Manager",
    "technician_1": "Technician 1",
    "technician_2": "Technician 2",
    "technician_3": "Technician 3",
    "library_media_specialist": "School Librarian",
    "integration_specialist": "Instructional Technology Coach",
    "data_specialist": "Data Specialist",
}
OTHERS_2020 = {
    "assistant_technology_director": "Asst. Technology Director",
    "technology_resource_teacher": "Computer Teacher",
    "administrative_assistant": "Secretary",
}
TITLES_2021 = {
    name: title.replace("Cyber Security", "Cybersecurity")
    for name, title in TITLES.items()
    if name not in ("telecommunications", "av_coordinator", "library_media_director")
}
SUPPORTED = {
    "staff": "Staff",
    "students": "Students",
    "families": "Families",
    "other": "Other (e.g., Board Members)",
}
NOBODY = "We do not provide after-hours support"
SAID = (
    "We moved to one device per student in stages.",
    "Please call me with questions, 555-0100.",
    "Numbers are as of October 1; desktops are not included.",
)


def questions_2017() -> list[Question]:
    """SurveyMonkey: grids spread over columns, the older titles, no question on sharing."""
    head: Head = lambda text, option: (  # noqa: E731
        f"{text} | {option}" if option else text,
        (text, option or "Open-Ended Response"),
    )
    bands = {"pk-2": "Early Elementary (K-2)", "3-5": "Elementary (3-5)", "6-8": "Middle (6-8)",
             "9-12": "High School (9-12)"}  # fmt: skip
    return [
        named(head, "Name of your district"),
        counted(head, "How many students are enrolled?", "enrollment"),
        counted(head, "Number of schools", "schools"),
        *ratios(head, "Student to computer ratio by grade level", bands),
        *employed(head, "Number of staff (FTE)", TITLES_2017),
        *paid(head, "Average annual salary", TITLES_2017),
        counted(head, "Total number of computing devices", "devices", "devices"),
        supported_by(head, "Number of people providing break/fix support"),
        remarks(head, "Comments", "comment_additional", SAID),
    ]


def questions_2020() -> list[Question]:
    """Google Forms: fewer positions, no pay, other titles typed by the respondent."""
    head: Head = lambda text, option: (  # noqa: E731
        f"{text} [{option}]" if option else text,
        (f"{text} [{option}]" if option else text,),
    )
    bands = {"pk-2": "Grades PK-2", "3-5": "Grades 3-5", "6-8": "Grades 6-8", "9-12": "Grades 9-12"}
    provision = {
        "district": "District-provided",
        "student": "Bring Your Own Device (BYOD)",
        "both": "A mix of both",
    }
    return [
        named(head, "District"),
        counted(head, "Student enrollment", "enrollment", "students"),
        *ratios(head, "What was the student-to-device ratio before schools closed?", bands, "B"),
        chosen(head, "Who provides student devices?", "provision", provision, "B"),
        *employed(head, "How many FTE do you have in each role?", TITLES_2020),
        *other_title(
            head,
            "Another technology role in your district (job title)",
            "FTE in that other role",
            TITLES_2020,
            OTHERS_2020,
        ),
        counted(head, "Devices your team supports", "devices"),
        ticked(head, "Whom do you support after hours?", SUPPORTED, NOBODY, mark=", "),
        remarks(head, "Anything else?", "comment_additional", SAID),
    ]


def questions_2021() -> list[Question]:
    """Qualtrics: three header rows, question codes, a box for each answer."""
    numbers: dict[str, list[str]] = {}

    def head(text: str, option: str) -> tuple[str, tuple[str, ...]]:
        options = numbers.setdefault(text, [])
        options.append(option)
        code = f"Q{list(numbers).index(text) + 1}"
        part = f"_{len(options)}" if option else ""
        wording = f"{text} - {option}" if option else text
        identity = f'{{"ImportId":"QID{code[1:]}{part or "_TEXT"}"}}'
        return code + part, (code + part, wording, identity)

    bands = {"pk-2": "Early Elementary (e.g., PK - 2)", "3-5": "Elementary (e.g., 3 - 5)",
             "6-8": "Middle School (e.g., 6 - 8)", "9-12": "High School (9 - 12)"}  # fmt: skip
    sharing = {
        "none": "We do not share positions",
        "some": "We share some positions",
        "all": "We share all positions",
    }
    shared = "Does your district share positions with the municipality?"
    return [
        named(head, "Which district do you represent?"),
        counted(head, "How many students does your district enroll?", "enrollment"),
        counted(head, "How many schools does your district have?", "schools"),
        *ratios(head, "What is the ratio of students to devices?", bands),
        *employed(head, "Full-time equivalents by position", TITLES_2021),
        *paid(head, "Average salary by position", TITLES_2021),
        benefits(head, "Approximate fringe benefit rate (% of salary)"),
        chosen(head, shared, "sharing", sharing),
        counted(head, "Total devices supported", "devices"),
        supported_by(head, "Staff who repair and troubleshoot devices"),
        *boxes(head, "Whom does your team support outside working hours?", SUPPORTED, NOBODY),
        remarks(head, "Additional comments", "comment_additional", SAID),
    ]


def questions_2024() -> list[Question]:
    """Microsoft Forms: everything the published report covers."""
    head: Head = lambda text, option: (  # noqa: E731
        f"{option}: {text}" if option else text,
        (f"{option}: {text}" if option else text,),
    )
    bands = {"pk-2": "Early Elementary (e.g., PK – 2)", "3-5": "Elementary (e.g., 3 – 5)",
             "6-8": "Middle School (e.g., 6 – 8)", "9-12": "High School (9 – 12)"}  # fmt: skip
    sharing = {
        "none": "District Staff Only Serve Our Schools",
        "some": "We Share Some Positions with the Town (Municipality)",
        "all": "We Share All Positions with the Town (Municipality)",
    }
    provision = {
        "district": "District-Issued and Maintained",
        "student": "Student-Purchased and Maintained",
        "both": "Both District and Student",
    }
    how = "How does your district provide devices to students?"
    total = "How many total devices across all schools does your team support?"
    return [
        named(head, "District or agency name"),
        counted(head, "How many students are enrolled in your district?", "enrollment"),
        counted(head, "How many schools are in your district?", "schools"),
        *employed(head, "Full-time equivalent (FTE) staff", TITLES),
        *paid(head, "Average salary", TITLES),
        outsourced(head, "Which of these positions do you outsource?", TITLES, "None"),
        benefits(
            head, "Approximate blended benefit (fringe) rate of all staff as a percent of salary"
        ),
        chosen(head, "Shared positions: choose the option that best matches", "sharing", sharing),
        chosen(head, how, "provision", provision),
        *ratios(head, "Student-to-device ratio", bands),
        counted(head, total, "devices"),
        supported_by(
            head, "How many people on your team provide technical (i.e., break/fix) support?"
        ),
        ticked(head, "Whom does your team support after hours and on weekends?", SUPPORTED, NOBODY,
               mark=";"),
        remarks(head, "After-hours and weekend support: comments", "comment_after_hours", SAID[:1]),
        remarks(head, "Additional comments", "comment_additional", SAID),
    ]  # fmt: skip
