"""Sample data for `components/specimen.html`: every component, long words and something wrong."""

import datetime as dt

from django import forms

from toiya.web.context import Account, MenuItem

NOW = dt.datetime(2026, 11, 22, 9, 5, tzinfo=dt.UTC)
TONES = ("success", "warning", "danger", "info", "waiting", "neutral")
COMPANY = "一般財団法人 東北地域情報通信技術振興センター"


class Search(forms.Form):
    """A filter bar."""

    q = forms.CharField(label="検索", required=False, widget=forms.SearchInput)
    state = forms.ChoiceField(label="状態", required=False, choices=[("", "すべて"), ("active", "有効")])


class Everything(forms.Form):
    """One field of each kind of widget."""

    token = forms.CharField(widget=forms.HiddenInput, required=False)
    name = forms.CharField(label="法人名", help_text="登記されている名称をそのまま入力してください。")
    email = forms.EmailField(label="メール アドレス")
    country = forms.ChoiceField(label="国/地域", choices=[("JP", "日本"), ("DE", "ドイツ")])
    contact = forms.ChoiceField(
        label="第一連絡先担当者", widget=forms.RadioSelect, choices=[("me", "自分"), ("other", "別の担当者")]
    )
    roles = forms.MultipleChoiceField(
        label="ロール",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[("admin", "管理エージェント"), ("sales", "販売代理店")],
    )
    since = forms.DateField(label="設立日", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    logo = forms.FileField(label="ロゴ", required=False)
    memo = forms.CharField(label="連絡事項", required=False, widget=forms.Textarea)
    news = forms.BooleanField(label="審査の進み具合をメールで受け取る", required=False)


class Profiles(forms.Form):
    """Choices as cards."""

    profile = forms.ChoiceField(
        label="組織プロファイル", widget=forms.RadioSelect, choices=[("1", "株式会社カワセ"), ("2", COMPANY)]
    )


class Agreement(forms.Form):
    """Consent."""

    agree = forms.BooleanField(label="株式会社ヒノデを間接プロバイダーとして承認します。")


def wrong_form() -> Everything:
    """Filled in by somebody in a hurry."""
    form = Everything({"name": "", "email": "tanaka@gmail.com", "country": "JP", "memo": "お願いします。"})
    form.add_error("email", "会社のドメインのアドレスを入力してください。")
    form.add_error(None, "第一連絡先を確認してください。")
    return form


def specimen() -> dict[str, object]:
    """The whole context of the page."""
    words = (
        "title lead home invite export search result states progress profile history important note help "
        "warning success draft_title draft form approve setup password remove locked empty_title empty_text "
        "open company domain state since licences action view manage"
    )
    return {
        "text": {word: f"見本の文 {word}" for word in words.split()},
        "search": Search(),
        "form": wrong_form(),
        "cards": Profiles({"profile": "1"})["profile"],
        "notes": {"1": "日本、有効", "2": "ドイツ、無効のため選択できません"},
        "agreement": Agreement(),
        "rows": [_customer(1, is_open=True), _customer(2, is_open=False)],
        "quick": [{"title": "アカウント", "links": ["プロファイル", "パートナー関係"]}],
        "tabs": [{"url": "#all", "label": "すべて", "current": True, "count": 2}],
        "page": {"previous_url": "", "next_url": "#next", "label": "1～2 件目"},
        "tones": [(tone, f"状態 {tone}") for tone in TONES],
        "wizard": [{"label": state, "state": state} for state in ("done", "current", "waiting")],
        "review": [{"label": "決定", "state": "refused", "note": "2026年11月22日"}],
        "facts": [("法人名", COMPANY), {"term": "MPN ID", "value": "4512 0087", "note": "有効"}],
        "history": [{"when": NOW, "title": "受け付けました", "who": "河瀬 澪", "tone": "info"}],
        "checklist": [
            {"label": "第二要素を設定する", "done": True},
            {"label": "管理エージェントになる", "url": "#become"},
            {"label": "ユーザーを追加する", "locked_reason": "管理エージェントが必要です。"},
        ],
        "changes": [{"label": "電話", "before": "022-000-0000", "after": "022-111-1111"}],
        "tiles": [{"icon": "people", "title": "顧客", "text": "サービスを管理する"}],
    } | _shell()


def _customer(number: int, *, is_open: bool) -> dict[str, object]:
    return {
        "id": f"customer-{number}",
        "name": COMPANY,
        "domain": "tohoku-ict-foundation.example",
        "tone": "success",
        "state": "有効",
        "since": NOW,
        "licences": 1250,
        "open": is_open,
    }


def _shell() -> dict[str, object]:
    return {
        "programme": {"name": "ミナト クラウド パートナー プログラム"},
        "signed_in": Account("河瀬 澪", tenant="株式会社カワセ", roles=("全体管理者",), sign_out_url="#out"),
        "sites": (MenuItem("#1", "組織ポータル"), MenuItem("#2", "メールボックス")),
        "navigation": (
            MenuItem("#home", "ホーム", "house", current=True),
            MenuItem("", "料金とプラン", heading="販売", locked_reason="販売代理店ロールが必要です"),
        ),
        "settings_url": "#settings",
    }
