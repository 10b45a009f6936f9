using System.Text.RegularExpressions;
using Scitq.Contracts;
using Scitq.Fetch.Transfers;

namespace Scitq.Fetch.Programs;

/// <summary>IBM's ascp, which speaks Aspera's own protocol. It continues a partial file that it has left.</summary>
internal sealed partial class Ascp(Services services)
{
    private const string PasswordVariable = "ASPERA_SCP_PASS";
    private readonly ExternalProgram _ascp = new(services.Options.Programs.Ascp, services.Options.Programs.AscpImage, services.Options.Programs.Docker);

    /// <summary>Fetches one file, tried again while that makes sense.</summary>
    /// <param name="uri">To name in messages.</param>
    /// <param name="source"><c>user@host:path</c>, checked: it does not begin like an option.</param>
    /// <param name="file">The local file it becomes.</param>
    /// <param name="isPublic">Whether the data may cross the net as they are, which is faster.</param>
    /// <param name="ct">Kills it.</param>
    public async Task FetchAsync(DataUri uri, string source, string file, bool isPublic, CancellationToken ct)
    {
        var (shown, options) = (Redacted.Of(uri), services.Options.Aspera);
        _ascp.Require(shown, "install IBM's Aspera client (ascp), or name an image that holds it in SCITQ_ASCP_IMAGE");
        // A public server is the administrator's choice; any other is the user's.
        if (services.Options.PublicAddressesOnly && !isPublic)
            throw new AccessDeniedException($"{shown}: only public addresses may be connected to here, and ascp cannot be kept to those.");
        var variables = new Dictionary<string, string>();
        if (Variables.Of(PasswordVariable) is { } password) variables[PasswordVariable] = password;
        var folder = Path.GetDirectoryName(file)!;
        string[] arguments = ["-Q", .. isPublic ? ["-T"] : Array.Empty<string>(), "-l", options.Rate, "-P", options.Port, "-k", "1", .. options.Key is { } key
            ? ["-i", key] : Array.Empty<string>(), source, file];
        await services.Retrier.RunAsync(uri, c => Growth.WatchAsync(services.Idle, services.Time, folder, file, async d =>
        {
            var end = await _ascp.RunAsync(shown, arguments, folder, d, variables: variables, file: file);
            if (end.Code != 0) throw Fault(shown, end);
            // The file that ascp keeps beside one that is not whole.
            return File.Exists(file) && !File.Exists(file + PartFile.Aspera)
                ? true
                : throw new TransientException($"ascp ended without a fault and without the whole file ({end.LastLine}).");
        }, c), ct);
    }

    private static Exception Fault(string shown, ProgramEnd end) =>
        Missing().IsMatch(end.Output) ? new DataNotFoundException($"{shown}: {end.LastLine}")
        : Refused().IsMatch(end.Output) ? new AccessDeniedException($"{shown}: {end.LastLine} Check ASPERA_SCP_PASS, or the key.")
        : Full().IsMatch(end.Output) ? new DiskFullException($"{shown}: {end.LastLine}")
        : new TransientException($"ascp ended with code {end.Code}: {end.LastLine}");

    [GeneratedRegex("no such file", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Missing();

    [GeneratedRegex("authenticat|permission denied|not authorized", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Refused();

    [GeneratedRegex("no space left|disk full|quota", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Full();
}
