//! The rows of the language's own cmdlets.

use crate::cmdlet::{Cmdlet, Effect, Example, Output, Parameter, Type};

/// The language's own cmdlets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Filter {
    Where,
    ForEach,
    Select,
    Sort,
    Measure,
    FormatTable,
    FormatList,
    ToJson,
    ToCsv,
    ExportCsv,
    OutFile,
    OutString,
    GetContent,
    Help,
}

const COUNT: Type = Type::Int(0, i64::MAX);
const BLOCK: &[&str] = &["Block"];
const SIMPLE: &[&str] = &["Simple"];

const fn row(verb: &'static str, noun: &'static str, summary: &'static str) -> Cmdlet {
    Cmdlet {
        verb,
        noun,
        aliases: &[],
        summary,
        description: "",
        parameters: &[],
        roles: &[],
        effect: Effect::Reads,
        output: None,
        examples: &[],
    }
}

const fn operator(name: &'static str) -> Parameter {
    Parameter::new(name, Type::Switch, "Compares the property with the value in this way.")
        .sets(SIMPLE)
}

/// Every one of them.
pub(crate) const FILTERS: &[(Filter, Cmdlet)] = &[
    (Filter::Where, WHERE),
    (Filter::ForEach, FOR_EACH),
    (Filter::Select, SELECT),
    (Filter::Sort, SORT),
    (Filter::Measure, MEASURE),
    (Filter::FormatTable, FORMAT_TABLE),
    (Filter::FormatList, FORMAT_LIST),
    (Filter::ToJson, TO_JSON),
    (Filter::ToCsv, TO_CSV),
    (Filter::ExportCsv, EXPORT_CSV),
    (Filter::OutFile, OUT_FILE),
    (Filter::OutString, OUT_STRING),
    (Filter::GetContent, GET_CONTENT),
    (Filter::Help, HELP),
];

const WHERE: Cmdlet = Cmdlet {
    aliases: &["where", "?"],
    description: "With a script block, an object goes on if the block is true with $_ standing \
                  for the object. In the simple form, one property is compared with one value; \
                  without an operator, an object goes on if the property is neither empty nor \
                  false.",
    parameters: &[
        Parameter::new("FilterScript", Type::Block, "What must be true of $_.")
            .at(0)
            .mandatory()
            .sets(BLOCK),
        Parameter::new("Property", Type::Text, "The property to look at.")
            .at(0)
            .mandatory()
            .sets(SIMPLE),
        Parameter::new("Value", Type::Any, "What it is compared with.").at(1).sets(SIMPLE),
        operator("EQ"),
        operator("NE"),
        operator("GT"),
        operator("GE"),
        operator("LT"),
        operator("LE"),
        operator("LIKE"),
        operator("NOTLIKE"),
        operator("MATCH"),
        operator("NOTMATCH"),
        operator("CONTAINS"),
        operator("NOTCONTAINS"),
        operator("IN"),
        operator("NOTIN"),
    ],
    examples: &[
        Example {
            line: "Get-Help | Where-Object { $_.Name -like \"*-Object\" }",
            means: "Lists the cmdlets that work on any object.",
        },
        Example {
            line: "Get-Help | Where-Object Verb -eq Get",
            means: "The simple form: lists the cmdlets that only look.",
        },
    ],
    ..row("Where", "Object", "Lets those objects go on for which something is true.")
};

const FOR_EACH: Cmdlet = Cmdlet {
    aliases: &["foreach", "%"],
    parameters: &[
        Parameter::new("Process", Type::Block, "What to do with each object, which is $_.")
            .at(0)
            .mandatory()
            .sets(BLOCK),
        Parameter::new("MemberName", Type::Text, "The property to hand on for each object.")
            .at(0)
            .mandatory()
            .sets(SIMPLE),
    ],
    examples: &[Example {
        line: "Get-Help | ForEach-Object { \"$($_.Noun): $($_.Summary)\" }",
        means: "Prints a line for each cmdlet.",
    }],
    ..row("ForEach", "Object", "Does something with each object of a pipeline.")
};

const SELECT: Cmdlet = Cmdlet {
    aliases: &["select"],
    parameters: &[
        Parameter::new("Property", Type::List, "The properties to keep; * and ? stand for others.")
            .at(0),
        Parameter::new("ExpandProperty", Type::Text, "Hands on this property's value by itself."),
        Parameter::new("First", COUNT, "Keeps this many from the beginning."),
        Parameter::new("Last", COUNT, "Keeps this many from the end."),
        Parameter::new("Skip", COUNT, "Leaves out this many at the beginning."),
        Parameter::new("Unique", Type::Switch, "Keeps one of several that are the same."),
    ],
    examples: &[Example {
        line: "Get-Help | Select-Object Name, Summary -First 5",
        means: "Keeps two properties of the first five.",
    }],
    ..row("Select", "Object", "Keeps some of the objects, or some of their properties.")
};

const SORT: Cmdlet = Cmdlet {
    aliases: &["sort"],
    parameters: &[
        Parameter::new("Property", Type::List, "What to sort by; else the objects themselves.")
            .at(0),
        Parameter::new("Descending", Type::Switch, "The largest first."),
        Parameter::new("Unique", Type::Switch, "Keeps one of several with the same order."),
    ],
    examples: &[Example {
        line: "Get-Help | Sort-Object Verb, Noun -Descending",
        means: "Sorts by verb, then by noun, from the end.",
    }],
    ..row("Sort", "Object", "Sorts objects.")
};

const MEASURE: Cmdlet = Cmdlet {
    aliases: &["measure"],
    output: Some(Output {
        kind: "Measure",
        properties: &["Count", "Average", "Sum", "Maximum", "Minimum", "Property"],
    }),
    parameters: &[
        Parameter::new("Property", Type::Text, "The property to measure.").at(0),
        Parameter::new("Sum", Type::Switch, "Adds the values up."),
        Parameter::new("Average", Type::Switch, "Tells their average."),
        Parameter::new("Maximum", Type::Switch, "Tells the largest."),
        Parameter::new("Minimum", Type::Switch, "Tells the smallest."),
    ],
    examples: &[Example { line: "Get-Help | Measure-Object", means: "Counts the cmdlets." }],
    ..row("Measure", "Object", "Counts objects and adds up one of their properties.")
};

const FORMAT_TABLE: Cmdlet = Cmdlet {
    aliases: &["ft"],
    parameters: &[
        Parameter::new("Property", Type::List, "The columns; else all properties.").at(0),
        Parameter::new("AutoSize", Type::Switch, "Columns always fit their content here."),
        Parameter::new("HideTableHeaders", Type::Switch, "Leaves the heading out."),
    ],
    examples: &[Example {
        line: "Get-Help | Format-Table Name, Summary",
        means: "Prints two columns.",
    }],
    ..row("Format", "Table", "Prints objects as a table.")
};

const FORMAT_LIST: Cmdlet = Cmdlet {
    aliases: &["fl"],
    parameters: &[
        Parameter::new("Property", Type::List, "The properties to print; else all.").at(0)
    ],
    examples: &[Example {
        line: "Get-Help | Format-List Name, Summary",
        means: "Prints two properties of each cmdlet.",
    }],
    ..row("Format", "List", "Prints objects as lists, `Property : value`.")
};

const TO_JSON: Cmdlet = Cmdlet {
    parameters: &[
        Parameter::new("Depth", Type::Int(1, 100), "How deep to go; what lies deeper is text."),
        Parameter::new("Compress", Type::Switch, "Everything in one line."),
        Parameter::new("AsArray", Type::Switch, "A list even of one object."),
    ],
    examples: &[Example {
        line: "Get-Help | Select-Object Name | ConvertTo-Json -Compress",
        means: "Prints the names for another program.",
    }],
    ..row("ConvertTo", "Json", "Turns objects into JSON.")
};

const TO_CSV: Cmdlet = Cmdlet {
    parameters: &[
        Parameter::new("Delimiter", Type::Text, "What stands between values; else a comma."),
        Parameter::new(
            "NoTypeInformation",
            Type::Switch,
            "A line with the type never stands here.",
        ),
    ],
    examples: &[Example {
        line: "Get-Help | Select-Object Name, Summary | ConvertTo-Csv",
        means: "Prints comma-separated lines.",
    }],
    ..row("ConvertTo", "Csv", "Turns objects into comma-separated lines.")
};

const APPEND: Parameter = Parameter::new("Append", Type::Switch, "Goes on at the end of the file.");
const NO_CLOBBER: Parameter =
    Parameter::new("NoClobber", Type::Switch, "Leaves a file alone that is there already.");

const EXPORT_CSV: Cmdlet = Cmdlet {
    parameters: &[
        Parameter::new("Path", Type::File, "The file on this machine.").at(0).mandatory(),
        Parameter::new("Delimiter", Type::Text, "What stands between values; else a comma."),
        Parameter::new(
            "NoTypeInformation",
            Type::Switch,
            "A line with the type never stands here.",
        ),
        APPEND,
        NO_CLOBBER,
    ],
    examples: &[Example {
        line: "Get-Help | Select-Object Name, Summary | Export-Csv cmdlets.csv",
        means: "Writes comma-separated lines into a file.",
    }],
    ..row("Export", "Csv", "Writes objects into a file as comma-separated lines.")
};

const OUT_FILE: Cmdlet = Cmdlet {
    parameters: &[
        Parameter::new("FilePath", Type::File, "The file on this machine.").at(0).mandatory(),
        APPEND,
        NO_CLOBBER,
        Parameter::new("Encoding", Type::Enum(&["utf8"]), "Files are always UTF-8 here."),
    ],
    examples: &[Example {
        line: "Get-Help Where-Object -Full | Out-File where.txt",
        means: "Writes into a file what would be printed.",
    }],
    ..row("Out", "File", "Writes into a file what would be printed.")
};

const OUT_STRING: Cmdlet = Cmdlet {
    examples: &[Example {
        line: "$text = Get-Help Where-Object | Out-String",
        means: "Keeps what would be printed in a variable.",
    }],
    ..row("Out", "String", "Turns objects into the text that would be printed.")
};

const GET_CONTENT: Cmdlet = Cmdlet {
    aliases: &["gc", "type"],
    description: "Text comes line by line, or with -Raw as one. With -Encoding Byte a file comes \
                  as bytes, which a cmdlet's -Content takes; they print as their number.",
    parameters: &[
        Parameter::new("Path", Type::File, "The file on this machine.")
            .at(0)
            .mandatory()
            .aliases(&["LiteralPath"]),
        Parameter::new("Encoding", Type::Enum(&["UTF8", "Byte"]), "Text is always UTF-8 here."),
        Parameter::new("AsByteStream", Type::Switch, "The same as -Encoding Byte."),
        Parameter::new("Raw", Type::Switch, "The whole text as one."),
        Parameter::new("ReadCount", COUNT, "Everything is always read at once here."),
    ],
    examples: &[Example {
        line: "$bytes = Get-Content Welcome.wav -Encoding Byte -ReadCount 0",
        means: "Keeps what the file holds in a variable.",
    }],
    ..row("Get", "Content", "Reads a file on this machine.")
};

const HELP: Cmdlet = Cmdlet {
    aliases: &["help"],
    description: "Without a name it lists every cmdlet. * and ? stand for other characters.",
    parameters: &[
        Parameter::new("Name", Type::Text, "The cmdlet.").at(0).offers("cmdlet"),
        Parameter::new("Examples", Type::Switch, "Only its examples.").sets(&["Examples"]),
        Parameter::new("Full", Type::Switch, "Everything there is to tell.").sets(&["Full"]),
        Parameter::new("Detailed", Type::Switch, "The same as -Full.").sets(&["Full"]),
        Parameter::new("Parameter", Type::Text, "Only this parameter; * for all.")
            .sets(&["Parameter"])
            .offers("parameter"),
    ],
    output: Some(Output { kind: "Help", properties: &["Name", "Verb", "Noun", "Summary"] }),
    examples: &[
        Example { line: "Get-Help", means: "Lists every cmdlet." },
        Example { line: "Get-Help Where-Object -Examples", means: "Shows lines that work." },
    ],
    ..row("Get", "Help", "Tells what cmdlets there are and how to use them.")
};
