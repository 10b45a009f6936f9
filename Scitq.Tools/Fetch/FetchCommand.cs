namespace Scitq.Tools.Fetch;

/// <summary>scitq-fetch: not in this release.</summary>
internal static class FetchCommand
{
    public static int Run(ToolIo io)
    {
        io.Error.WriteLine("scitq-fetch: moving data by hand is coming in the next release; tasks fetch and deliver with -i, -r and -o of scitq-launch.");
        return ExitCodes.Usage;
    }
}
