using System.Text;
using Scitq.Tools;

namespace Scitq.Tests.Unit.Tools;

/// <summary>One run of a command in this process, from its arguments to its exit code.</summary>
internal sealed record ToolRun(int Code, string Out, string Error, byte[] OutBytes, byte[] ErrorBytes)
{
    public static Task<ToolRun> Launch(params string[] args) => RunAsync("scitq-launch", args);

    public static Task<ToolRun> Manage(params string[] args) => RunAsync("scitq-manage", args);

    public static async Task<ToolRun> RunAsync(
        string name, string[] args, Dictionary<string, string>? variables = null, string input = "", Action<ToolIo>? started = null, bool terminal = false,
        int width = 80, bool errorTerminal = false, TimeProvider? clock = null)
    {
        using var output = new MemoryStream();
        using var error = new MemoryStream();
        using var io = new ToolIo
        {
            Output = output,
            ErrorOutput = error,
            Input = () => new MemoryStream(Encoding.UTF8.GetBytes(input)),
            Out = new StreamWriter(output, new UTF8Encoding(false)) { AutoFlush = true },
            Error = new StreamWriter(error, new UTF8Encoding(false)) { AutoFlush = true },
            Variable = n => variables?.GetValueOrDefault(n),
            OutputIsTerminal = terminal,
            ErrorIsTerminal = errorTerminal,
            Width = width,
            Clock = clock ?? TimeProvider.System,
        };
        started?.Invoke(io);
        var code = await Commands.RunAsync(name, args, io).WaitAsync(TimeSpan.FromSeconds(60));
        return new ToolRun(code, Encoding.UTF8.GetString(output.ToArray()), Encoding.UTF8.GetString(error.ToArray()), output.ToArray(), error.ToArray());
    }
}
