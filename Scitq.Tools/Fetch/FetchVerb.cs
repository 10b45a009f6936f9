using Scitq.Tools.CommandLine;
using Scitq.Tools.Manage.Output;

namespace Scitq.Tools.Fetch;

/// <summary>One verb: what the splitter, the help and the dispatch know of it.</summary>
internal sealed record FetchVerb(string Name, string Operands, int Least, int Most, string Summary, Func<FetchContext, Task<int>> Run)
{
    private static readonly Option Include = new("include", '\0', "GLOB", "only names that match; without a slash, the last part of a name at any depth")
        { Given = Given.Many };
    private static readonly Option Exclude = new("exclude", '\0', "GLOB", "not the names that match; goes before --include") { Given = Given.Many };
    private static readonly Option DryRun = new("dry-run", '\0', null, "say what would be done, and do nothing") { Alias = "dryrun" };
    private static readonly Option Md5 = new("md5", '\0', null, "show the MD5 where the store knows it");

    public IReadOnlyList<Option> Options { get; init; } = [];

    public IReadOnlyList<string> Examples { get; init; } = [];

    public static IReadOnlyList<Option> Global { get; } =
    [
        new("process", 'p', "N", "files moved at a time (default: 10)") { Section = "Global options" },
        new("format", '\0', "FMT", "of listings: table (on a terminal), tsv (else), csv, json, jsonl (also: $SCITQ_FORMAT)")
            { Section = "Global options", Choices = Formats.Names },
        new("json", '\0', null, "the same as --format json") { Section = "Global options" },
        new("no-header", 'H', null, "listings without the header line") { Section = "Global options" },
        new("attempts", '\0', "N", "how often a transfer is tried without progress before it fails (default: 10)") { Section = "Global options" },
        new("idle-seconds", '\0', "S", "how long a server may be silent before its connection counts as dead (default: 60)") { Section = "Global options" },
        new("storage", '\0', "FILE", "accounts of object stores (default: SCITQ_STORAGE, else the environment)") { Section = "Global options" },
        new("quiet", 'q', null, "say only what failed or was left out") { Section = "Global options" },
        new("no-progress", '\0', null, "no progress line on a terminal") { Section = "Global options" },
        new("verbose", 'v', null, "say what is waited for and tried again") { Section = "Global options" },
        new("yes", 'y', null, "do not ask before deleting") { Section = "Global options" },
        new("help", 'h', null, "show this help") { Section = "Global options" },
        new("version", '\0', null, "show the version") { Section = "Global options" },
    ];

    public static IReadOnlyList<FetchVerb> All { get; } =
    [
        new("copy", "SRC [DST]", 1, 2, "Copies a file, or everything below a folder. DST is the current directory if left out.", CopyVerbs.CopyAsync)
        {
            Options = [DryRun],
            Examples =
            [
                "scitq-fetch copy s3://bucket/d/a.txt                  # to ./a.txt",
                "scitq-fetch copy s3://bucket/d/ out                   # what is below d/ to out/",
                "scitq-fetch copy a.txt azure://container/d/           # to d/a.txt",
                "scitq-fetch copy 's3://bucket/db.tar.gz|untar' db     # unpacked",
                "scitq-fetch copy s3://bucket/d/ azure://container/d/  # from store to store",
            ],
        },
        new("sync", "SRC DST", 2, 2,
            "Copies what DST lacks or has otherwise: another size, another MD5 where both are known, or older. Never deletes unless told to.",
            CopyVerbs.SyncAsync)
        {
            Options = [Include, Exclude, DryRun, new("checksum", '\0', null, "compare contents where sizes agree"),
                new("delete", '\0', null, "delete at DST what SRC lacks")],
            Examples = ["scitq-fetch sync myfolder azure://rnd/data/mylogin/myfolder",
                "scitq-fetch sync --include '*.data' s3://rnd/data/mylogin/myfolder ./myfolder"],
        },
        new("list", "URI", 1, 1, "Lists the files below a folder, by their whole URIs.", c =>
            ListVerbs.ListAsync(c, recursive: !c.Line.Has("not-recursive"), relative: false))
        {
            Options = [new("not-recursive", '\0', null, "one level only, with its folders"), Md5, Include, Exclude],
        },
        new("rlist", "URI", 1, 1, "Lists the files below a folder, by their names relative to it.", c =>
            ListVerbs.ListAsync(c, recursive: !c.Line.Has("not-recursive"), relative: true))
        {
            Options = [new("not-recursive", '\0', null, "one level only, with its folders"), Md5, Include, Exclude],
        },
        new("nrlist", "URI", 1, 1, "Lists one level of a folder, files and folders.", c => ListVerbs.ListAsync(c, recursive: false, relative: true))
        {
            Options = [Md5, Include, Exclude],
        },
        new("du", "URI", 1, 1, "Sums up sizes, for each folder just below and in all.", UsageVerbs.DuAsync) { Options = [Include, Exclude] },
        new("ncdu", "URI", 1, 1, "Browses sizes (with the program ncdu).", UsageVerbs.NcduAsync)
        {
            Options = [Include, Exclude, new("only-file", '\0', null, "keep the listing as ./ncdu.json, for ncdu -f, instead of showing it")],
        },
        new("delete", "URI", 1, 1, "Deletes a file, or everything below a folder. Asks on a terminal before it deletes more than one.", DeleteVerb.RunAsync)
        {
            Options = [Include, Exclude, DryRun],
        },
    ];
}
