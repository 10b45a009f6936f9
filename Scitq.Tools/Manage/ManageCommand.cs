namespace Scitq.Tools.Manage;
internal static class ManageCommand { public static Task<int> RunAsync(string[] args, ToolIo io) => Task.FromResult(args.Length + (io is null ? 1 : 0)); }
internal static class ExitCodesPage;
