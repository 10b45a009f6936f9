namespace Scitq.Tools.Manage;

/// <summary>The page <c>scitq-manage help exit-codes</c>.</summary>
internal static class ExitCodesPage
{
    public const string Text =
        """
        Exit codes of scitq-launch, scitq-manage and scitq-fetch

            0  done
            1  it failed, or at least one of several did
            2  the command line is wrong
            3  no such task, worker, batch or file
            4  not logged in, or not allowed
            5  the server cannot be reached or did not answer in time
            6  not possible in the present state (cancel of a finished task)
          124  wait gave up at --timeout
          130  interrupted; what was being waited for goes on
          141  the reader of the output went away

        scitq-launch --wait or --follow, and task wait on one task: the task's own exit code, 1 to 255;
          125  scitq itself failed: data, image or output could not be had, or the server was lost
          137, 143  the command was killed (128 + signal)

        Waiting for several tasks: 0 when all succeeded, else 1.
        """;

    public static void Write(TextWriter writer) => writer.WriteLine(Text);
}
