using Scitq.Tools.CommandLine;

namespace Scitq.Tools.Fetch;

/// <summary>The pages of <c>--help</c>.</summary>
internal static class FetchHelp
{
    public const string Usage = $"{FetchCommand.Program} [OPTIONS] VERB …";
    public const string Summary = "Moves data between this machine and stores, or between stores: resumed after any interruption, and verified.";

    public const string Places =
        $"""
        A place is a path of this machine or SCHEME://PATH (file, s3, azure, ftp, ftps, ftpes, http, https); a final slash means
        everything below. After '|' comes what is done with a fetched file: gunzip, untar, unzip or mv:FOLDER.
        Only to be fetched from: run+fastq://ACCESSION, run+submitted://ACCESSION and fasp://USER@HOST:PATH. Options go
        before the colon: http@aria2://…, run+fastq@sra@ftp://…, run+fastq@filter_r1://…
        Credentials: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_PROFILE, AWS_ENDPOINT_URL; AZURE_STORAGE_ACCOUNT,
        AZURE_STORAGE_KEY, AZURE_STORAGE_CONNECTION_STRING; or --storage FILE for several accounts. See: {FetchCommand.Program} VERB --help
        """;

    public static void Write(TextWriter writer, FetchVerb? verb)
    {
        if (verb is not null)
        {
            HelpPage.Write(writer, $"{FetchCommand.Program} {verb.Name} [OPTIONS] {verb.Operands}", verb.Summary, verb.Examples,
                [.. verb.Options, .. FetchVerb.Global]);
            return;
        }

        HelpPage.Write(writer, Usage,
            $"""
            {Summary}

            {string.Join(Environment.NewLine, FetchVerb.All.Select(v => HelpPage.Hang($"  {$"{v.Name} {v.Operands}",-18} ", v.Summary)))}

            {Places}
            """, [], FetchVerb.Global);
    }
}
