using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Scitq.Fetch.Programs;

/// <summary>
/// A program of the machine, or of a docker image. It gets its words one by one (no shell), few variables and none that hold secrets, and ends with all it started
/// when the transfer is stopped.
/// </summary>
internal sealed class ExternalProgram(string program, string? image, string docker)
{
    private const int DockerFailed = 125, NotExecutable = 126, NotInImage = 127;

    // What programs need to find files, proxies, the docker server and the SRA toolkit's settings.
    private static readonly string[] s_passedOn =
    [
        "PATH", "HOME", "TMPDIR", "TZ", "http_proxy", "https_proxy", "ftp_proxy", "all_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "ALL_PROXY", "NO_PROXY",
        "SSL_CERT_FILE", "SSL_CERT_DIR", "LD_LIBRARY_PATH", "NCBI_SETTINGS", "VDB_CONFIG",
    ];

    private static readonly string[] s_forDocker = ["DOCKER_HOST", "DOCKER_CONFIG", "DOCKER_CONTEXT", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY"];

    /// <summary>How it is called in messages.</summary>
    public string Name => Path.GetFileName(program);

    /// <summary>Whether it can be started here, as far as can be told before.</summary>
    public bool IsThere => Find(image is null ? program : docker) is not null;

    /// <exception cref="UnsupportedTransferException">It is not there.</exception>
    public void Require(string shown, string install)
    {
        if (IsThere) return;
        throw new UnsupportedTransferException(image is null
            ? $"{shown}: it needs the program '{program}', which is not on PATH here; {install}."
            : $"{shown}: it needs the program '{docker}' to run the image {image}, and it is not on PATH here.");
    }

    /// <summary>Runs it to its end in a directory, which is all that an image sees of this machine.</summary>
    /// <param name="shown">The URI to name in messages.</param>
    /// <param name="arguments">Its words.</param>
    /// <param name="directory">Where it works.</param>
    /// <param name="ct">Kills it.</param>
    /// <param name="input">What it reads from standard input: not seen in the list of processes, unlike its words.</param>
    /// <param name="variables">What else it gets in its environment.</param>
    /// <exception cref="UnsupportedTransferException">It cannot be started.</exception>
    public async Task<ProgramEnd> RunAsync(string shown, IEnumerable<string> arguments, string directory, CancellationToken ct, string? input = null, IReadOnlyDictionary<string, string>? variables = null)
    {
        variables ??= new Dictionary<string, string>();
        var container = image is null ? null : $"scitq-fetch-{Guid.NewGuid():N}";
        using var process = Start(shown, container is null ? Words(program, arguments) : Words(docker, InImage(container, directory, arguments, variables.Keys, input is not null)), directory, variables);
        var (output, errors) = (new Tail(process.StandardOutput), new Tail(process.StandardError));
        try
        {
            await FeedAsync(process, input, ct);
            await process.WaitForExitAsync(ct);
            // A grandchild may hold the pipes open for longer than anybody wants to wait.
            await Task.WhenAny(Task.WhenAll(output.Read, errors.Read), Task.Delay(TimeSpan.FromSeconds(5), ct));
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
                // What follows may delete or reuse the files it was writing.
                await process.WaitForExitAsync(CancellationToken.None);
                // Killing the docker command leaves its container alone.
                if (container is not null) await RemoveAsync(container, directory);
            }
        }

        var end = new ProgramEnd(process.ExitCode, output.Text + "\n" + errors.Text, LastLine(errors.Text) ?? LastLine(output.Text) ?? "it said nothing");
        if (container is not null && end.Code is DockerFailed or NotExecutable or NotInImage)
            throw new UnsupportedTransferException($"{shown}: {Name} of the image {image} could not be run: {end.LastLine}");
        return end;
    }

    // The value is a line of CSV.
    private static string Quoted(string name, string value) => $"\"{name}={value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static List<string> Words(string first, IEnumerable<string> others) => [first, .. others];

    private IEnumerable<string> InImage(string container, string directory, IEnumerable<string> arguments, IEnumerable<string> variables, bool interactive) =>
    [
        "run", "--rm", "--name", container, .. interactive ? ["-i"] : Array.Empty<string>(), "--user", string.Create(CultureInfo.InvariantCulture, $"{geteuid()}:{getegid()}"),
        "--mount", $"type=bind,{Quoted("source", directory)},{Quoted("target", directory)}", "--workdir", directory, "--env", $"HOME={directory}",
        // Only their names: docker takes the values from its own environment, which others cannot read.
        .. variables.SelectMany(v => (string[])["--env", v]), image!, program, .. arguments,
    ];

    private Process Start(string shown, List<string> words, string directory, IReadOnlyDictionary<string, string> variables)
    {
        var start = new ProcessStartInfo(Find(words[0]) ?? words[0], words.Skip(1))
        {
            WorkingDirectory = directory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Clear();
        foreach (var name in image is null ? s_passedOn : [.. s_passedOn, .. s_forDocker])
            if (Variables.Of(name) is { } value) start.Environment[name] = value;
        start.Environment["LC_ALL"] = "C.UTF-8";
        start.Environment.TryAdd("HOME", directory);
        foreach (var (name, value) in variables) start.Environment[name] = value;
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new UnsupportedTransferException($"{shown}: the program '{words[0]}' could not be started ({e.Message}).", e);
        }
    }

    private static async Task FeedAsync(Process process, string? input, CancellationToken ct)
    {
        try
        {
            if (input is not null) await process.StandardInput.WriteAsync(input.AsMemory(), ct);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended before it had read all: its exit code says why.
        }
    }

    private async Task RemoveAsync(string container, string directory)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        try
        {
            await new ExternalProgram(docker, null, docker).RunAsync(container, ["rm", "--force", container], directory, limit.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or FetchException)
        {
            // The transfer is being stopped already, and says so.
        }
    }

    /// <summary>Where the program is; null when it is not there.</summary>
    private static string? Find(string name) => (name.Contains('/', StringComparison.Ordinal) ? [name] : (Variables.Of("PATH") ?? "").Split(Path.PathSeparator).Where(d => d.Length > 0).Select(d => Path.Combine(d, name)))
        .FirstOrDefault(p => File.Exists(p) && (OperatingSystem.IsWindows() || (File.GetUnixFileMode(p) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != 0));

    private static string? LastLine(string text) => text.Split('\n', '\r').Select(l => Redacted.Of(l.Trim())).LastOrDefault(l => l.Length > 0);

    [DllImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern uint geteuid();

    [DllImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern uint getegid();

    /// <summary>The end of a stream that may be long.</summary>
    private sealed class Tail
    {
        private const int Longest = 8192;
        private string _text = "";

        public Tail(StreamReader reader) => Read = ReadAsync(reader);

        public Task Read { get; }

        public string Text => Volatile.Read(ref _text);

        private async Task ReadAsync(StreamReader reader)
        {
            var buffer = new char[4096];
            try
            {
                for (int read; (read = await reader.ReadAsync(buffer, CancellationToken.None)) > 0;)
                {
                    var text = _text + new string(buffer, 0, read);
                    Volatile.Write(ref _text, text.Length > Longest ? text[^Longest..] : text);
                }
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                // Killed: what it said before is there.
            }
        }
    }
}
